//! What is printed.

use serde_json::{Value, json};

use crate::attack::Row;

/// Characters of evidence in a line; the JSON has all of it.
const EVIDENCE: usize = 150;

/// A row as a line of the table.
pub(crate) fn line(row: &Row) -> String {
    let mark = if row.verdict.contained {
        "contained"
    } else {
        "ESCAPED  "
    };
    let mut evidence: String = row.verdict.evidence.chars().take(EVIDENCE).collect();
    if evidence.len() < row.verdict.evidence.len() {
        evidence.push('…');
    }
    format!(
        "{mark}  {:<9} {:<22} {:<20} {} | {evidence}",
        row.group, row.name, row.level, row.tried
    )
}

/// The last line of the table.
pub(crate) fn summary(rows: &[Row]) -> String {
    let escaped = rows.iter().filter(|row| !row.verdict.contained).count();
    format!(
        "{} attacks: {} contained, {escaped} not",
        rows.len(),
        rows.len() - escaped
    )
}

/// The table as one JSON object.
pub(crate) fn json(rows: &[Row]) -> Value {
    let attacks = rows.iter().map(|row| {
        json!({
            "group": row.group,
            "name": row.name,
            "tried": row.tried,
            "level": row.level,
            "contained": row.verdict.contained,
            "evidence": row.verdict.evidence,
        })
    });
    json!({
        "contained": rows.iter().all(|row| row.verdict.contained),
        "attacks": attacks.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::Verdict;

    #[test]
    fn one_escape_is_an_escape() {
        let row = |seen: Result<&str, &str>| Row {
            group: "sources",
            name: "raw",
            tried: "read a file",
            level: "namespaces".to_owned(),
            verdict: Verdict::from(seen.map(str::to_owned).map_err(str::to_owned)),
        };
        let rows = [row(Ok("refused:\n it  is")), row(Err("the canary"))];
        assert_eq!(summary(&rows), "2 attacks: 1 contained, 1 not");
        assert!(
            line(&rows[0]).starts_with("contained ") && line(&rows[0]).ends_with("refused: it is")
        );
        assert!(line(&rows[1]).starts_with("ESCAPED "));
        assert_eq!(json(&rows)["contained"], false);
        assert_eq!(json(&rows[..1])["contained"], true);
        assert_eq!(json(&rows)["attacks"][1]["evidence"], "the canary");
    }
}
