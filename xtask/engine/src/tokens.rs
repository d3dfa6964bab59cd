//! Exact token counts, by the o200k vocabulary.

use anyhow::Result;
use serde_json::Value;
use tiktoken_rs::CoreBPE;

/// Counts tokens.
pub(crate) struct Counter(CoreBPE);

impl Counter {
    /// # Errors
    /// When the embedded vocabulary is broken.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(tiktoken_rs::o200k_base()?))
    }

    pub(crate) fn text(&self, text: &str) -> usize {
        self.0.count_ordinary(text)
    }

    /// The compact JSON of a call, with its name before its input.
    pub(crate) fn call(&self, name: &str, input: &Value) -> usize {
        self.text(&format!(
            "{{\"name\":{},\"input\":{input}}}",
            Value::from(name)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_the_vocabulary_does() {
        let counter = Counter::new().unwrap();
        // o200k: `hello`, ` world`.
        assert_eq!(counter.text("hello world"), 2);
        assert_eq!(counter.text(""), 0);
        let call = counter.call("a", &serde_json::json!({ "path": "b" }));
        assert_eq!(call, counter.text(r#"{"name":"a","input":{"path":"b"}}"#));
    }
}
