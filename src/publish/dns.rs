//! What a resolver answers about a name, in the JSON form of DNS over HTTPS.

use serde::Deserialize;

/// What a resolver has answered about a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolved {
    /// Texts of its records of the type TXT.
    pub texts: Vec<String>,
    /// The names that it is another name for, without a final dot.
    pub aliases: Vec<String>,
    /// Whether it has an address.
    pub has_address: bool,
}

#[derive(Deserialize)]
struct DnsAnswer {
    #[serde(rename = "Status")]
    status: u16,
    #[serde(rename = "Answer", default)]
    answers: Vec<DnsEntry>,
}

#[derive(Deserialize)]
struct DnsEntry {
    #[serde(rename = "type")]
    kind: u16,
    data: String,
}

/// Reads the answer of a resolver in the JSON form of DNS over HTTPS
/// (<https://developers.cloudflare.com/1.1.1.1/encryption/dns-over-https/make-api-requests/dns-json/>). That there is no such name is an answer.
///
/// # Errors
/// When it is no such answer, or says that the question could not be answered.
pub fn resolved(body: &[u8]) -> Result<Resolved, String> {
    // RFC 1035, 4.1.1: no error, no such name.
    const ANSWERED: [u16; 2] = [0, 3];
    let answer: DnsAnswer =
        crate::json::from_slice(body).map_err(|error| format!("it is no answer: {error}"))?;
    if !ANSWERED.contains(&answer.status) {
        return Err(format!("it has the status {}", answer.status));
    }
    let mut resolved = Resolved::default();
    for DnsEntry { kind, data } in answer.answers {
        // RFC 1035, 3.2.2, and RFC 3596.
        match kind {
            1 | 28 => resolved.has_address = true,
            5 => resolved
                .aliases
                .push(data.trim_end_matches('.').to_ascii_lowercase()),
            16 => resolved.texts.push(unquoted(&data)),
            _ => {}
        }
    }
    Ok(resolved)
}

/// The text of a TXT record: its strings, which may stand in quotes, put together.
fn unquoted(data: &str) -> String {
    if !data.starts_with('"') {
        return data.to_owned();
    }
    let (mut text, mut is_inside, mut is_escaped) = (String::new(), false, false);
    for sign in data.chars() {
        match sign {
            _ if is_escaped => {
                text.push(sign);
                is_escaped = false;
            }
            '\\' if is_inside => is_escaped = true,
            '"' => is_inside = !is_inside,
            _ if is_inside => text.push(sign),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_of_resolvers_are_read() {
        let read = |value: serde_json::Value| resolved(value.to_string().as_bytes());
        let entry =
            |kind: u16, data: &str| json!({ "name": "x", "type": kind, "TTL": 300, "data": data });
        let told = read(json!({ "Status": 0, "Answer": [
            entry(16, "\"overskill-\" \"verification=1\""), entry(16, "plain"), entry(16, r#""a \"b\" \\c""#),
            entry(5, "Recipes.Apps.Example."), entry(1, "192.0.2.1"), entry(46, "signature"),
        ] }));
        assert_eq!(
            told.unwrap(),
            Resolved {
                texts: vec![
                    "overskill-verification=1".to_owned(),
                    "plain".to_owned(),
                    r#"a "b" \c"#.to_owned()
                ],
                aliases: vec!["recipes.apps.example".to_owned()],
                has_address: true,
            }
        );
        assert_eq!(read(json!({ "Status": 3 })).unwrap(), Resolved::default());
        assert!(read(json!({ "Status": 2 })).unwrap_err().contains('2'));
        assert!(resolved(b"<html>").is_err());
    }

    proptest! {
        #[test]
        fn any_record_has_a_text(data in "\\PC{0,80}") {
            let text = unquoted(&data);
            prop_assert!(text.len() <= data.len());
        }
    }
}
