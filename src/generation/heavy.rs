//! What a model is told of an app whose script has grown large: once, when the next turn begins, and again only when it is worse. A warning of a
//! build that has succeeded is no error: it begins no turn and no repair.

use serde::{Deserialize, Serialize};

use super::{prompt, records::Build, state::Conversation};
use crate::publish::{Band, advice};

/// The advice that came with the newest version's build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Heavy {
    concern: Band,
    text: String,
    is_told: bool,
}

impl Conversation {
    /// Remembers what a build of the newest version that has succeeded says of its size.
    pub(super) fn weigh(&mut self, build: &Build) {
        let mut advice = build
            .diagnostics
            .iter()
            .filter(|one| advice::is_advice(one));
        let (Some(advice), Some(sizes)) = (advice.next(), &build.sizes) else {
            self.heavy.remove(&build.mode);
            return;
        };
        let concern = sizes.concern();
        let known = self.heavy.get(&build.mode);
        let is_told = known.is_some_and(|known| known.is_told && concern <= known.concern);
        let ways = advice.suggestion.as_deref().unwrap_or_default();
        let text = format!("{} {ways}", advice.message);
        self.heavy.insert(
            build.mode,
            Heavy {
                concern,
                text,
                is_told,
            },
        );
    }

    /// What there is to tell at the beginning of a turn; it counts as told then.
    pub(super) fn weight_told(&mut self) -> String {
        let untold = self.heavy.values_mut().filter(|heavy| !heavy.is_told);
        let told = untold.map(|heavy| {
            heavy.is_told = true;
            prompt::heavy(&heavy.text)
        });
        told.collect()
    }
}
