//! Which packages may be installed, and from where.

use std::{
    collections::BTreeSet,
    fs, io,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use overskill::digest::Digest;

/// What an operator allows.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// The one registry, with a `/` at its end.
    pub(super) registry: String,
    /// How long a version must have been there; `None`: it need not.
    pub(super) minimum_age: Option<Duration>,
    /// The names that may be installed, `@scope/*` among them; `None`: all.
    allowed: Option<BTreeSet<String>>,
}

impl Policy {
    /// A policy; `allowed` is a file with a name a line, `#` before what is no name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn new(
        registry: &str,
        minimum_age: Duration,
        allowed: Option<&Path>,
    ) -> io::Result<Self> {
        let names = |text: String| {
            text.lines()
                .map(|line| line.split('#').next().unwrap_or_default().trim().to_owned())
                .filter(|name| !name.is_empty())
                .collect()
        };
        Ok(Self {
            registry: format!("{}/", registry.trim_end_matches('/')),
            minimum_age: (!minimum_age.is_zero()).then_some(minimum_age),
            allowed: allowed.map(fs::read_to_string).transpose()?.map(names),
        })
    }

    /// Whether a package of this name may be installed.
    pub(super) fn allows(&self, name: &str) -> bool {
        let Some(allowed) = &self.allowed else {
            return true;
        };
        let scope = name.split_once('/').map(|(scope, _)| format!("{scope}/*"));
        allowed.contains(name) || scope.is_some_and(|scope| allowed.contains(&scope))
    }

    /// The names that may be installed, when not all may.
    pub(super) fn allowed(&self) -> impl Iterator<Item = &str> {
        self.allowed.iter().flatten().map(String::as_str)
    }

    /// The moment before which a version must have been published, as a date and time.
    pub(super) fn before(&self) -> Option<String> {
        let age = self.minimum_age?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Some(date(now.saturating_sub(age).as_secs()))
    }

    /// The registry's name or address, without its port.
    pub(super) fn registry_host(&self) -> &str {
        let rest = self.registry.split_once("://").map_or("", |(_, rest)| rest);
        let host = rest.split('/').next().unwrap_or_default();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        host.split(':').next().unwrap_or_default()
    }

    /// Differs when something else may be installed.
    pub(super) fn digest(&self) -> Digest {
        let age = self.minimum_age.unwrap_or_default().as_secs().to_be_bytes();
        let none = [u8::from(self.allowed.is_some())];
        let names = self.allowed().map(str::as_bytes);
        let parts: Vec<&[u8]> = [self.registry.as_bytes(), &age, &none]
            .into_iter()
            .chain(names)
            .collect();
        Digest::of_parts(parts)
    }
}

/// Seconds since 1970 as `2026-11-28T09:00:00Z`.
fn date(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Years that begin in March end with the day that some of them lack.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_dates() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (1_795_910_461, "2026-11-29T00:01:01Z"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }

    #[test]
    fn only_what_is_allowed_is_installed() {
        let file = std::env::temp_dir().join(format!("overskill-allowed-{}", std::process::id()));
        fs::write(&file, "# names\nrecharts\n@visx/*  # all of them\n\n").unwrap();
        let day = Duration::from_secs(86_400);
        let policy = Policy::new(
            "https://user:word@registry.example:81/npm",
            day,
            Some(&file),
        )
        .unwrap();
        fs::remove_file(&file).unwrap();
        assert!(policy.allows("recharts") && policy.allows("@visx/axis"));
        assert!(
            !policy.allows("rechart") && !policy.allows("@other/axis") && !policy.allows("visx")
        );
        assert_eq!(
            policy.registry,
            "https://user:word@registry.example:81/npm/"
        );
        assert_eq!(policy.registry_host(), "registry.example");
        assert!(policy.before().is_some_and(|date| date.starts_with("20")));
        let open = Policy::new("http://r/", Duration::ZERO, None).unwrap();
        assert!(open.allows("anything") && open.before().is_none());
        assert_ne!(open.digest(), policy.digest());
        assert!(Policy::new("http://r/", Duration::ZERO, Some(&file)).is_err());
    }
}
