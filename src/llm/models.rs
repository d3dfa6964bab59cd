//! Which models there are: by name, who serves them, in which format they are spoken to, what they cost and how much they take.
//!
//! A name says all that is needed. `offline` is the built-in planner. A name that begins with `anthropic/`, `openai/`,
//! `openai-responses/`, `openai-chat/` or `workers-ai/` says who is asked; without that, `claude…` is Anthropic's, `gpt…`, `o1`… and
//! `chatgpt…` are OpenAI's, `@cf/…` is of Workers AI, and any other is asked of the server at OpenAI's address in Chat Completions,
//! which Ollama, vLLM and gateways speak.

use serde::{Deserialize, Serialize};

use super::{message::Usage, stream::Format};
use crate::{
    error::{Error, Kind, Result},
    sorted::SortedMap,
};

/// The built-in planner, which needs no provider.
pub const OFFLINE: &str = "offline";

/// Who serves models: what an address and a key belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// Anthropic.
    Anthropic,
    /// OpenAI, or whoever speaks as it does.
    OpenAi,
    /// Cloudflare's Workers AI, at its address for OpenAI's clients.
    WorkersAi,
}

impl Host {
    /// What the names of its settings begin with.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Anthropic => "ANTHROPIC",
            Self::OpenAi => "OPENAI",
            Self::WorkersAi => "WORKERS_AI",
        }
    }

    /// Where it is when nobody says otherwise; Workers AI has no address without an account.
    #[must_use]
    pub const fn default_base(self) -> &'static str {
        match self {
            Self::Anthropic => "https://api.anthropic.com",
            Self::OpenAi => "https://api.openai.com/v1",
            Self::WorkersAi => "",
        }
    }
}

/// A model of a provider's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its name here, which is what apps have and the feed says.
    pub name: String,
    /// Its name there.
    pub id: String,
    /// Who serves it.
    pub host: Host,
    /// How it is spoken to.
    pub format: Format,
    /// What bounds a call.
    pub bounds: Bounds,
    /// What it costs, if that is known.
    pub price: Option<Price>,
}

/// What bounds a call of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Tokens that it may write in one call.
    pub max_output: u32,
    /// Tokens that it can read, the answer included.
    pub context: u32,
    /// Whether it takes images.
    pub images: bool,
}

/// Micro-dollars for a thousand tokens, which is dollars for a thousand million: whole numbers for all prices that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Tokens read at the full price.
    pub input: u64,
    /// Tokens read out of the cache.
    pub cache_read: u64,
    /// Tokens put into it.
    pub cache_write: u64,
    /// Tokens written.
    pub output: u64,
}

impl Price {
    /// Of tokens, in micro-dollars, rounded up.
    #[must_use]
    pub const fn of(&self, usage: &Usage) -> u64 {
        let thousandths = usage
            .input
            .saturating_mul(self.input)
            .saturating_add(usage.cache_read.saturating_mul(self.cache_read))
            .saturating_add(usage.cache_write.saturating_mul(self.cache_write))
            .saturating_add(usage.output.saturating_mul(self.output));
        thousandths.div_ceil(1_000)
    }

    /// The most that tokens which are read can cost each.
    const fn dearest_input(&self) -> u64 {
        if self.cache_write > self.input {
            self.cache_write
        } else {
            self.input
        }
    }
}

/// What an operator says of a model; what is left out stays as it is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Dollars for a million tokens read.
    input: Option<f64>,
    /// The same out of the cache.
    cache_read: Option<f64>,
    /// The same into the cache.
    cache_write: Option<f64>,
    /// Dollars for a million tokens written.
    output: Option<f64>,
    /// Tokens that it may write in one call.
    max_output: Option<u32>,
    /// Tokens that it can read.
    context: Option<u32>,
    /// Whether it takes images.
    images: Option<bool>,
}

/// Families of models by how their names begin, with dollars for a million tokens (read, out of the cache, into the cache, written):
/// the providers' public price lists of November 2026.
const PRICES: [(&str, [f64; 4]); 8] = [
    ("claude-fable-5", [10.0, 1.0, 12.5, 50.0]),
    ("claude-opus-5-5", [4.0, 0.2, 5.0, 20.0]),
    ("claude-opus-5", [5.0, 0.5, 6.25, 25.0]),
    ("claude-sonnet-5", [2.0, 0.2, 2.5, 10.0]),
    ("claude-haiku-5-5", [0.1, 0.01, 0.125, 0.5]),
    ("gpt-6-astra", [10.0, 1.0, 12.5, 50.0]),
    ("gpt-6.1-sol", [2.0, 0.1, 2.5, 10.0]),
    ("gpt-6-sol", [2.0, 0.2, 2.5, 10.0]),
];

/// What most models take. A call writes a few files at most.
const BOUNDS: Bounds = Bounds {
    max_output: 16_384,
    context: 200_000,
    images: true,
};

fn thousandths(dollars: f64) -> Option<u64> {
    // Prices are far below what a double cannot hold.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be small and positive"
    )]
    (dollars.is_finite() && (0.0..1e9).contains(&dollars))
        .then(|| (dollars * 1_000.0).round() as u64)
}

fn price([input, cache_read, cache_write, output]: [f64; 4]) -> Option<Price> {
    Some(Price {
        input: thousandths(input)?,
        cache_read: thousandths(cache_read)?,
        cache_write: thousandths(cache_write)?,
        output: thousandths(output)?,
    })
}

impl Model {
    /// The model that a name means; nothing for the built-in planner.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == OFFLINE {
            return None;
        }
        let is_openai = |id: &str| {
            let numbered = id
                .strip_prefix('o')
                .is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()));
            id.starts_with("gpt-") && !id.starts_with("gpt-oss")
                || id.starts_with("chatgpt-")
                || numbered
        };
        let by_id = |id: &str| {
            if is_openai(id) {
                Format::OpenAiResponses
            } else {
                Format::OpenAiChat
            }
        };
        let (id, host, format) = match name.split_once('/') {
            Some(("anthropic", id)) => (id, Host::Anthropic, Format::Anthropic),
            Some(("openai", id)) => (id, Host::OpenAi, by_id(id)),
            Some(("openai-responses", id)) => (id, Host::OpenAi, Format::OpenAiResponses),
            Some(("openai-chat", id)) => (id, Host::OpenAi, Format::OpenAiChat),
            Some(("workers-ai", id)) => (id, Host::WorkersAi, Format::OpenAiChat),
            Some(("@cf", _)) => (name, Host::WorkersAi, Format::OpenAiChat),
            _ if name.starts_with("claude") => (name, Host::Anthropic, Format::Anthropic),
            _ => (name, Host::OpenAi, by_id(name)),
        };
        let known = PRICES.iter().find(|(family, _)| id.starts_with(family));
        Some(Self {
            name: name.to_owned(),
            id: id.to_owned(),
            host,
            format,
            // Models of servers that speak as OpenAI does are of all kinds.
            bounds: Bounds {
                images: format != Format::OpenAiChat,
                ..BOUNDS
            },
            price: known.and_then(|(_, dollars)| price(*dollars)),
        })
    }

    /// As [`Self::named`], with what the operator says of it: `texts` is a JSON object of [`Override`]s by name.
    ///
    /// # Errors
    /// When that is not what it should be.
    pub fn configured(name: &str, texts: &str) -> Result<Option<Self>> {
        let wrong = |reason: String| {
            Error::new(
                Kind::Internal,
                format!("The setting MODEL_SETTINGS is not right: {reason}."),
            )
        };
        let said: SortedMap<String, Override> = if texts.trim().is_empty() {
            SortedMap::new()
        } else {
            crate::json::from_str(texts).map_err(|error| wrong(error.to_string()))?
        };
        let Some(mut model) = Self::named(name) else {
            return Ok(None);
        };
        if let Some(said) = said.get(name) {
            model.take(said).ok_or_else(|| {
                wrong(format!(
                    "{name} needs `input` and `output` in dollars for a million tokens, from 0"
                ))
            })?;
        }
        Ok(Some(model))
    }

    fn take(&mut self, said: &Override) -> Option<()> {
        self.bounds.max_output = said.max_output.unwrap_or(self.bounds.max_output).max(1);
        self.bounds.context = said.context.unwrap_or(self.bounds.context);
        self.bounds.images = said.images.unwrap_or(self.bounds.images);
        let prices = [said.input, said.cache_read, said.cache_write, said.output];
        if prices.iter().all(Option::is_none) {
            return Some(());
        }
        let [input, output] = [said.input?, said.output?];
        let read = said.cache_read.unwrap_or(input);
        let write = said.cache_write.unwrap_or(input);
        self.price = Some(price([input, read, write, output])?);
        Some(())
    }

    /// What tokens cost, in micro-dollars; nothing where the price is not known.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> Option<u64> {
        self.price.map(|price| price.of(usage))
    }

    /// The most that a call can come to whose body has so many bytes. A token is two bytes or more of any text that models are
    /// given, on the average of a request; code has three to four.
    #[must_use]
    pub fn worst(&self, body_bytes: usize) -> Reservation {
        let input = u64::try_from(body_bytes).unwrap_or(u64::MAX).div_ceil(2);
        let output = u64::from(self.bounds.max_output);
        let cost = self.price.map_or(0, |price| {
            let thousandths = input
                .saturating_mul(price.dearest_input())
                .saturating_add(output.saturating_mul(price.output));
            thousandths.div_ceil(1_000)
        });
        Reservation {
            tokens: input.saturating_add(output),
            micros: cost,
        }
    }

    /// The address of its calls, below what the operator has set or the host's own.
    #[must_use]
    pub fn url(&self, base: &str) -> String {
        let base = base.trim().trim_end_matches('/');
        let base = if base.is_empty() {
            self.host.default_base()
        } else {
            base
        };
        let path = match self.format {
            // Their own clients take addresses without and with the version.
            Format::Anthropic => {
                return format!("{}/v1/messages", base.trim_end_matches("/v1"));
            }
            Format::OpenAiResponses => "responses",
            Format::OpenAiChat => "chat/completions",
        };
        let has_path = base
            .split_once("://")
            .is_some_and(|(_, rest)| rest.contains('/'));
        if has_path {
            format!("{base}/{path}")
        } else {
            format!("{base}/v1/{path}")
        }
    }
}

/// What is set aside for a call before it is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Tokens, read and written.
    pub tokens: u64,
    /// Money, in micro-dollars; 0 where the price is not known.
    pub micros: u64,
}

/// The models of a list, with commas between them, each once, in order.
#[must_use]
pub fn listed(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in text.split(',').map(str::trim) {
        if !name.is_empty() && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The models that answer for an app, in the order in which they are asked: its own while it is listed, then the others of the
/// installation. The built-in planner stands in for nobody, and nobody for it.
#[must_use]
pub fn chain(own: &str, listed: &[String]) -> Vec<String> {
    let is_own = |name: &&String| *name == own;
    let (own, others): (Vec<&String>, Vec<&String>) = listed.iter().partition(is_own);
    let is_offline = |name: &&String| *name == OFFLINE;
    if own.iter().any(is_offline) || others.iter().all(is_offline) && own.is_empty() {
        return vec![OFFLINE.to_owned()];
    }
    let others = others.into_iter().filter(|name| !is_offline(name));
    own.into_iter().chain(others).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_who_is_asked_and_how() {
        for (name, id, host, format) in [
            (
                "claude-sonnet-5-5",
                "claude-sonnet-5-5",
                Host::Anthropic,
                Format::Anthropic,
            ),
            (
                "anthropic/my-model",
                "my-model",
                Host::Anthropic,
                Format::Anthropic,
            ),
            (
                "gpt-6.1-sol",
                "gpt-6.1-sol",
                Host::OpenAi,
                Format::OpenAiResponses,
            ),
            ("o4-mini", "o4-mini", Host::OpenAi, Format::OpenAiResponses),
            ("openai/llama", "llama", Host::OpenAi, Format::OpenAiChat),
            (
                "openai-chat/gpt-6.1-sol",
                "gpt-6.1-sol",
                Host::OpenAi,
                Format::OpenAiChat,
            ),
            (
                "openai-responses/x",
                "x",
                Host::OpenAi,
                Format::OpenAiResponses,
            ),
            (
                "qwen3-coder:30b",
                "qwen3-coder:30b",
                Host::OpenAi,
                Format::OpenAiChat,
            ),
            (
                "gpt-oss:20b",
                "gpt-oss:20b",
                Host::OpenAi,
                Format::OpenAiChat,
            ),
            ("olmo:7b", "olmo:7b", Host::OpenAi, Format::OpenAiChat),
            (
                "meta-llama/Llama-4",
                "meta-llama/Llama-4",
                Host::OpenAi,
                Format::OpenAiChat,
            ),
            (
                "@cf/meta/llama",
                "@cf/meta/llama",
                Host::WorkersAi,
                Format::OpenAiChat,
            ),
            (
                "workers-ai/@cf/meta/llama",
                "@cf/meta/llama",
                Host::WorkersAi,
                Format::OpenAiChat,
            ),
        ] {
            let model = Model::named(name).unwrap();
            assert_eq!(
                (model.id.as_str(), model.host, model.format),
                (id, host, format),
                "{name}"
            );
        }
        assert_eq!(Model::named(OFFLINE), None);
    }

    #[test]
    fn addresses_are_taken_as_the_providers_own_clients_take_them() {
        let url = |name: &str, base: &str| Model::named(name).unwrap().url(base);
        for base in ["https://m.test", "https://m.test/", "https://m.test/v1"] {
            assert_eq!(url("claude-a", base), "https://m.test/v1/messages");
            assert_eq!(url("gpt-a", base), "https://m.test/v1/responses");
            assert_eq!(url("llama", base), "https://m.test/v1/chat/completions");
        }
        assert_eq!(
            url("gpt-a", "https://m.test/a/b/"),
            "https://m.test/a/b/responses"
        );
        assert_eq!(url("claude-a", ""), "https://api.anthropic.com/v1/messages");
        assert_eq!(
            url("llama", " "),
            "https://api.openai.com/v1/chat/completions"
        );
    }

    #[test]
    fn costs_are_rounded_up_and_never_above_what_was_set_aside() {
        let usage = Usage {
            input: 1_000,
            cache_read: 10_000,
            cache_write: 2_000,
            output: 500,
        };
        let model = Model::named("claude-sonnet-5-5").unwrap();
        assert_eq!(model.cost(&usage), Some(2_000 + 2_000 + 5_000 + 5_000));
        let one = Usage {
            cache_read: 1,
            ..Usage::default()
        };
        assert_eq!(model.cost(&one), Some(1));
        let worst = model.worst(26_000);
        assert_eq!(worst.tokens, 13_000 + 16_384);
        assert_eq!(worst.micros, 13_000 * 5 / 2 + 16_384 * 10);
        let unknown = Model::named("llama").unwrap();
        assert_eq!(unknown.cost(&usage), None);
        assert_eq!(unknown.worst(10).micros, 0);
    }

    #[test]
    fn an_operator_may_say_otherwise() {
        let texts = r#"{"llama": {"input": 0.05, "output": 0.25, "max_output": 4096, "context": 32768}, "gpt-a": {"max_output": 99}}"#;
        let llama = Model::configured("llama", texts).unwrap().unwrap();
        assert_eq!(llama.bounds.max_output, 4_096);
        assert_eq!(llama.bounds.context, 32_768);
        let price = llama.price.unwrap();
        assert_eq!((price.input, price.cache_read, price.output), (50, 50, 250));
        let gpt = Model::configured("gpt-a", texts).unwrap().unwrap();
        assert_eq!((gpt.bounds.max_output, gpt.price), (99, None));
        assert_eq!(Model::configured(OFFLINE, texts).unwrap(), None);
        assert!(Model::configured("llama", "").unwrap().is_some());
        for wrong in [
            "[]",
            r#"{"llama": {"input": 1}}"#,
            r#"{"llama": {"input": -1, "output": 1}}"#,
            r#"{"llama": {"prize": 1}}"#,
        ] {
            let error = Model::configured("llama", wrong).unwrap_err();
            assert!(error.public.contains("MODEL_SETTINGS"), "{error}");
        }
    }

    #[test]
    fn an_apps_own_model_is_asked_first_and_the_others_in_order() {
        let models = listed("claude-a, gpt-b,,claude-a , offline");
        assert_eq!(models, ["claude-a", "gpt-b", OFFLINE]);
        assert_eq!(chain("gpt-b", &models), ["gpt-b", "claude-a"]);
        assert_eq!(chain("gone", &models), ["claude-a", "gpt-b"]);
        assert_eq!(chain(OFFLINE, &models), [OFFLINE]);
        assert_eq!(chain("gone", &listed(OFFLINE)), [OFFLINE]);
    }
}
