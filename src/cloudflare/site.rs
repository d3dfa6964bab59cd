//! An app's Worker on an account, and how it is replaced: a version is uploaded that nobody reaches, it is looked at by whoever asked, and then it answers. What fails
//! before that leaves what answered. Each step may be taken again; done twice, it is as if it was done once.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    Account, Place, Request, Upload,
    answer::{self, Answer, ApiError, Next},
    zone,
};

/// Sends requests. How often one is made again is decided here ([`ask`], [`tell`]).
pub trait Api {
    /// Sends a request, once.
    ///
    /// # Errors
    /// When there is no answer.
    fn send(&self, request: &Request) -> impl Future<Output = Result<Sent, ApiError>>;

    /// Waits, in milliseconds.
    fn wait(&self, millis: u64) -> impl Future<Output = ()>;
}

/// An answer as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The HTTP status.
    pub status: u16,
    /// The header `retry-after`, in seconds.
    pub retry_after: Option<u64>,
    /// The body.
    pub body: Vec<u8>,
}

impl Sent {
    fn answer(&self) -> Answer<'_> {
        Answer {
            status: self.status,
            retry_after: self.retry_after,
            body: &self.body,
        }
    }
}

/// What a request results in. It is made again where that may help.
///
/// # Errors
/// The last one, when it is of no use to ask again.
pub async fn ask<T: DeserializeOwned>(api: &impl Api, request: &Request) -> Result<T, ApiError> {
    let result = repeated(api, request, |sent| answer::result(request, sent.answer())).await?;
    serde_json::from_value(result)
        .map_err(|error| answer::silent(format!("an answer cannot be read: {error}")))
}

/// Does something of which nothing is told.
///
/// # Errors
/// Those of [`ask`].
pub async fn tell(api: &impl Api, request: &Request) -> Result<(), ApiError> {
    repeated(api, request, |sent| answer::done(request, sent.answer())).await
}

/// The most pages of a list that are read: of a hundred entries each at least, it is more than an account has of anything.
const MOST_PAGES: usize = 100;

/// All of a list, page after page.
///
/// # Errors
/// Those of [`ask`], and when it has no end: what is only a part of a list is taken for none.
pub async fn list<T: DeserializeOwned>(
    api: &impl Api,
    request: &Request,
) -> Result<Vec<T>, ApiError> {
    let mut all = Vec::new();
    let mut page = request.clone();
    for _ in 0..MOST_PAGES {
        let (found, next) = repeated(api, &page, |sent| answer::page(&page, sent.answer())).await?;
        all.extend(found);
        let goes_on = match next {
            None => return Ok(all),
            Some(Next::Page(number)) => ("page", number.to_string()),
            Some(Next::Cursor(cursor)) => ("cursor", cursor),
        };
        page.query.clone_from(&request.query);
        page.query.push(goes_on);
    }
    Err(answer::silent(format!(
        "a list goes on after {MOST_PAGES} pages"
    )))
}

async fn repeated<T>(
    api: &impl Api,
    request: &Request,
    read: impl Fn(&Sent) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let error = match api.send(request).await.and_then(|sent| read(&sent)) {
            Ok(result) => return Ok(result),
            Err(error) => error,
        };
        match error.again(request, attempts) {
            Some(millis) => api.wait(millis).await,
            None => return Err(error),
        }
    }
}

/// A Worker that answers at host names of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// On which account.
    pub account: Account,
    /// The zone of the host name.
    pub zone: String,
    /// The Worker's name.
    pub worker: String,
    /// The host name.
    pub host: String,
    /// How many Workers the account may have: another one is refused then, before anything is uploaded.
    pub most_workers: usize,
    /// Custom hostnames of the zone that lead to it as well.
    pub domains: Vec<String>,
}

/// A version that nobody reaches but at an address of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// Its id.
    pub version: String,
    /// The host name where it can be looked at.
    pub host: String,
}

#[derive(Deserialize)]
struct Versions {
    items: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    id: String,
    #[serde(default)]
    annotations: Value,
}

#[derive(Deserialize)]
struct Subdomain {
    subdomain: String,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

impl Site {
    /// Uploads a version, once for a tag. Where there is no Worker of this name yet, it is made; no host name leads to it.
    ///
    /// # Errors
    /// Those of the API.
    pub async fn stage(
        &self,
        api: &impl Api,
        mut upload: Upload,
        tag: &str,
    ) -> Result<Staged, ApiError> {
        let known = self.versions(api).await?;
        let version = match known.as_ref().and_then(|known| tagged(known, tag)) {
            Some(version) => version,
            None => {
                let annotations = json!({ "workers/tag": tag });
                upload.more.insert("annotations".to_owned(), annotations);
                match known {
                    Some(_) => {
                        let request = self.account.post_version(&self.worker, &upload);
                        ask::<Named>(api, &request).await?.id
                    }
                    None => self.make(api, &upload, tag).await?,
                }
            }
        };
        let look = self.account.put_on_subdomain(&self.worker, false, true);
        tell(api, &look).await?;
        let Subdomain { subdomain } = ask(api, &self.account.subdomain()).await?;
        let prefix = version.get(..8).unwrap_or(&version);
        Ok(Staged {
            host: format!("{prefix}-{}.{subdomain}.workers.dev", self.worker),
            version,
        })
    }

    async fn make(&self, api: &impl Api, upload: &Upload, tag: &str) -> Result<String, ApiError> {
        let others: Vec<Value> = list(api, &self.account.workers()).await?;
        if others.len() >= self.most_workers {
            return Err(answer::full(others.len()));
        }
        let request = self.account.put_worker(Place::Own, &self.worker, upload);
        tell(api, &request).await?;
        let known = self.versions(api).await?.unwrap_or_default();
        tagged(&known, tag)
            .or_else(|| known.into_iter().next().map(|version| version.id))
            .ok_or_else(|| answer::silent("the Worker that was uploaded has no version"))
    }

    /// The newest versions; nothing where there is no such Worker.
    async fn versions(&self, api: &impl Api) -> Result<Option<Vec<Version>>, ApiError> {
        match ask::<Versions>(api, &self.account.versions(&self.worker)).await {
            Ok(Versions { items }) => Ok(Some(items)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// From then on the version answers at the host name.
    ///
    /// # Errors
    /// Those of the API.
    pub async fn switch(&self, api: &impl Api, version: &str, why: &str) -> Result<(), ApiError> {
        let deploy = self.account.deploy(&self.worker, &[(version, 100)], why);
        tell(api, &deploy).await?;
        self.lead(api).await
    }

    /// All of its host names lead to it, and no other.
    ///
    /// # Errors
    /// Those of the API.
    pub async fn lead(&self, api: &impl Api) -> Result<(), ApiError> {
        let hosts = [&self.host].into_iter().chain(&self.domains);
        let patterns: Vec<String> = hosts.map(|host| format!("{host}/*")).collect();
        if !self.domains.is_empty() {
            // What leads to another Worker, such as one that dispatches, is not taken from it by the request below.
            let found: Vec<Route> = list(api, &zone::routes(&self.zone)).await?;
            for Route {
                id,
                pattern,
                script,
            } in found
            {
                if patterns.contains(&pattern) && script.as_deref() != Some(&self.worker) {
                    let request = zone::put_route(&self.zone, &id, &pattern, &self.worker);
                    tell(api, &request).await?;
                }
            }
        }
        let patterns = patterns.iter();
        let routes: Vec<_> = patterns
            .map(|pattern| (pattern.as_str(), Some(self.zone.as_str())))
            .collect();
        tell(api, &self.account.put_routes(&self.worker, &routes)).await
    }

    /// No host name leads to it.
    ///
    /// # Errors
    /// Those of the API. That it is not there is none.
    pub async fn leave(&self, api: &impl Api) -> Result<(), ApiError> {
        match tell(api, &self.account.put_routes(&self.worker, &[])).await {
            Err(error) if !error.is_missing() => Err(error),
            _ => Ok(()),
        }
    }

    /// What answered before a switch that went wrong answers again; where nothing did, nothing leads to the Worker.
    ///
    /// # Errors
    /// Those of the API.
    pub async fn put_back(
        &self,
        api: &impl Api,
        before: Option<&str>,
        why: &str,
    ) -> Result<(), ApiError> {
        let request = match before {
            Some(version) => self.account.deploy(&self.worker, &[(version, 100)], why),
            None => self.account.put_routes(&self.worker, &[]),
        };
        tell(api, &request).await
    }

    /// Takes the Worker away, and what leads to it.
    ///
    /// # Errors
    /// Those of the API. That it is not there is none.
    pub async fn remove(&self, api: &impl Api) -> Result<(), ApiError> {
        let requests = [
            self.account.put_routes(&self.worker, &[]),
            self.account.delete_worker(Place::Own, &self.worker),
        ];
        for request in requests {
            match tell(api, &request).await {
                Err(error) if !error.is_missing() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Route {
    id: String,
    pattern: String,
    #[serde(default)]
    script: Option<String>,
}

/// A host name of a zone leads to a Worker, whatever else does.
///
/// # Errors
/// Those of the API.
pub async fn lead_host(
    api: &impl Api,
    zone: &str,
    host: &str,
    worker: &str,
) -> Result<(), ApiError> {
    let pattern = format!("{host}/*");
    let found: Vec<Route> = list(api, &zone::routes(zone)).await?;
    let known = found.iter().find(|route| route.pattern == pattern);
    if known.is_some_and(|route| route.script.as_deref() == Some(worker)) {
        return Ok(());
    }
    let request = match known {
        Some(Route { id, .. }) => zone::put_route(zone, id, &pattern, worker),
        None => zone::post_route(zone, &pattern, worker),
    };
    tell(api, &request).await
}

/// A host name of a zone leads nowhere.
///
/// # Errors
/// Those of the API.
pub async fn leave_host(api: &impl Api, zone: &str, host: &str) -> Result<(), ApiError> {
    let pattern = format!("{host}/*");
    let found: Vec<Route> = list(api, &zone::routes(zone)).await?;
    for route in found.iter().filter(|route| route.pattern == pattern) {
        tell(api, &zone::delete_route(zone, &route.id)).await?;
    }
    Ok(())
}

fn tagged(known: &[Version], tag: &str) -> Option<String> {
    let has = |version: &&Version| {
        version
            .annotations
            .get("workers/tag")
            .is_some_and(|known| known == tag)
    };
    known.iter().find(has).map(|version| version.id.clone())
}

#[cfg(test)]
mod tests;
