//! Who watches the journal: a test that ends this process at one of its entries.

use worker::{Env, Fetch, Url};

use super::settings;

/// Hears where the journal stands.
pub(super) struct Witness(Option<String>);

impl Witness {
    /// Nobody, where `JOURNAL_WITNESS` is empty.
    pub(super) fn of(env: &Env) -> Self {
        Self(settings::journal_witness(env))
    }

    /// Tells that an entry was made, and goes on when that was heard. `of` is a job, a turn or a build.
    pub(super) async fn hears(&self, point: &str, of: &str) {
        let Some(address) = &self.0 else { return };
        if let Ok(url) = Url::parse_with_params(address, [("point", point), ("of", of)]) {
            // Whoever does not answer, does not mind.
            let _heard = Fetch::Url(url).send().await;
        }
    }
}
