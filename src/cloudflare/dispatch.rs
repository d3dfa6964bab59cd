//! An app's Workers in a dispatch namespace (Workers for Platforms,
//! <https://developers.cloudflare.com/cloudflare-for-platforms/workers-for-platforms/>): each deployment is a Worker of its own, which nobody reaches but whoever has the
//! namespace, and which of them answers is theirs to choose. A namespace has no versions, but as many Workers as one likes.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::json;

use super::{
    Account, Place, Upload,
    answer::ApiError,
    site::{Api, ask, list, tell},
};

/// What the names of apps' Workers begin with. The id of a version, which is a UUID, does not.
pub const PREFIX: &str = "app-";

/// The Workers of an app in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatched {
    /// On which account.
    pub account: Account,
    /// In which namespace.
    pub namespace: String,
    /// What their names begin with, and all of them are tagged with.
    pub worker: String,
}

#[derive(Deserialize)]
struct Found {
    id: String,
}

impl Dispatched {
    /// What the Worker of a deployment is called.
    #[must_use]
    pub fn name(&self, deployment: &str) -> String {
        format!("{}-{deployment}", self.worker)
    }

    /// Uploads a Worker, unless it is there: under one name it never changes.
    ///
    /// # Errors
    /// Those of the API.
    pub async fn stage(
        &self,
        api: &impl Api,
        name: &str,
        mut upload: Upload,
    ) -> Result<(), ApiError> {
        let there = self.account.namespace_worker(&self.namespace, name);
        match ask::<IgnoredAny>(api, &there).await {
            Ok(_) => return Ok(()),
            Err(error) if error.is_missing() => {}
            Err(error) => return Err(error),
        }
        upload.more.insert("tags".to_owned(), json!([self.worker]));
        let place = Place::Namespace(&self.namespace);
        tell(api, &self.account.put_worker(place, name, &upload)).await
    }

    /// Takes away all but these.
    ///
    /// # Errors
    /// Those of the API. That one is not there is none.
    pub async fn keep(&self, api: &impl Api, names: &[&str]) -> Result<(), ApiError> {
        let there = self
            .account
            .namespace_workers(&self.namespace, &self.worker);
        let found: Vec<Found> = list(api, &there).await?;
        for Found { id } in found {
            if names.contains(&id.as_str()) {
                continue;
            }
            let place = Place::Namespace(&self.namespace);
            match tell(api, &self.account.delete_worker(place, &id)).await {
                Err(error) if !error.is_missing() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
