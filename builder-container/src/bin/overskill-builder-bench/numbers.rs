//! Medians, and lines of a table.

use std::time::Duration;

/// One line.
#[derive(Debug)]
pub(crate) struct Row {
    name: String,
    times: Vec<Duration>,
}

impl Row {
    /// What these times are of.
    pub(crate) fn of(name: &str, times: &[Duration]) -> Self {
        let mut times = times.to_vec();
        times.sort();
        Self {
            name: name.to_owned(),
            times,
        }
    }

    /// Prints it, with its ratio to `base`.
    pub(crate) fn print(&self, base: Option<Duration>) {
        println!("{}", self.text(base));
    }

    fn text(&self, base: Option<Duration>) -> String {
        let shown = |time: Option<&Duration>| time.copied().map(milliseconds).unwrap_or_default();
        let middle = median(&self.times);
        let ratio = middle.zip(base).map(|(middle, base)| {
            format!(
                "{:>8.2}",
                middle.as_secs_f64() / base.as_secs_f64().max(f64::EPSILON)
            )
        });
        format!(
            "  {:<30}{:>8}{:>8}{:>8}{}   {} runs",
            self.name,
            shown(middle.as_ref()),
            shown(self.times.first()),
            shown(self.times.last()),
            ratio.unwrap_or_else(|| " ".repeat(8)),
            self.times.len()
        )
    }
}

/// The one in the middle, the lower of two.
pub(crate) fn median<T: Ord + Copy>(values: &[T]) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

/// A time in whole milliseconds.
pub(crate) fn milliseconds(time: Duration) -> String {
    time.as_millis().to_string()
}

/// Bytes in MB.
pub(crate) fn memory(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_median_its_ends_and_its_ratio() {
        let times = [30, 10, 20, 40].map(Duration::from_millis);
        let text = Row::of("x", &times).text(Some(Duration::from_millis(10)));
        let words: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(words, ["x", "20", "10", "40", "2.00", "4", "runs"]);
        assert_eq!(median::<u64>(&[]), None);
        assert_eq!(memory(12_345_678), "12.3 MB");
    }
}
