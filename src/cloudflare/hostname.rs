//! A host name of a customer's in a zone (<https://developers.cloudflare.com/cloudflare-for-platforms/cloudflare-for-saas/>): that it is there once, how far its
//! certificate is, and that it is gone.

use serde::Deserialize;

use super::{
    answer::ApiError,
    site::{Api, ask, list, tell},
    zone,
};
use crate::publish::domain::{DnsRecord, Look};

/// A host name of a customer's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CustomHostname {
    /// Its id.
    pub id: String,
    /// The host name.
    pub hostname: String,
    /// How far it is: `active`, `pending`, `moved`, `blocked` and others.
    pub status: String,
    /// Its certificate.
    pub ssl: Option<Certificate>,
    /// Why it is not further.
    #[serde(default)]
    pub verification_errors: Vec<String>,
}

/// A certificate that is there or on its way.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Certificate {
    /// How far it is: `active`, `pending_validation`, `pending_issuance` and others.
    pub status: String,
    /// Why it is not further.
    #[serde(default)]
    pub validation_errors: Vec<Told>,
    /// What its issuer wants to find.
    #[serde(default)]
    pub validation_records: Vec<Validation>,
}

/// An error of an issuer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Told {
    /// Its words.
    #[serde(default)]
    pub message: String,
}

/// What an issuer wants to find; here only what stands in the DNS.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Validation {
    /// The name of a TXT record.
    #[serde(default)]
    pub txt_name: Option<String>,
    /// What it says.
    #[serde(default)]
    pub txt_value: Option<String>,
}

impl CustomHostname {
    /// How far it is, in the words of a domain. `unled` says what is missing in its DNS.
    #[must_use]
    pub fn look(&self, unled: Option<String>) -> Look {
        let certificate = self.ssl.as_ref();
        let status = certificate.map_or("unknown", |certificate| &certificate.status);
        if self.status == "active" && status == "active" {
            return Look::Leads;
        }
        let errors = certificate.map(|one| one.validation_errors.iter());
        let errors = errors.into_iter().flatten().map(|told| &told.message);
        let told = self.verification_errors.iter().chain(errors).next();
        let problem = match (unled, told) {
            (Some(unled), _) => unled,
            (None, Some(told)) => format!(
                "Cloudflare says of it: {}. Its certificate is `{status}`.",
                told.trim_end_matches('.')
            ),
            (None, None) => format!(
                "Its certificate is on its way (the host name is `{}`, the certificate `{status}`).",
                self.status
            ),
        };
        let wanted = certificate.map(|one| one.validation_records.iter());
        let validation = wanted.into_iter().flatten().filter_map(|record| {
            Some(DnsRecord {
                kind: "TXT".to_owned(),
                name: record.txt_name.clone()?,
                value: record.txt_value.clone()?,
                purpose: "Lets the certificate be issued.".to_owned(),
            })
        });
        Look::Proven {
            problem,
            validation: validation.collect(),
        }
    }
}

/// The host name of a zone; it is made where it is not there.
///
/// # Errors
/// Those of the API.
pub async fn ensure(
    api: &impl Api,
    zone: &str,
    hostname: &str,
) -> Result<CustomHostname, ApiError> {
    if let Some(known) = find(api, zone, hostname).await? {
        return Ok(known);
    }
    ask(api, &zone::post_hostname(zone, hostname)).await
}

/// It is not there any more.
///
/// # Errors
/// Those of the API. That it was not there is none.
pub async fn remove(api: &impl Api, zone: &str, hostname: &str) -> Result<(), ApiError> {
    let Some(known) = find(api, zone, hostname).await? else {
        return Ok(());
    };
    match tell(api, &zone::delete_hostname(zone, &known.id)).await {
        Err(error) if !error.is_missing() => Err(error),
        _ => Ok(()),
    }
}

async fn find(
    api: &impl Api,
    zone: &str,
    hostname: &str,
) -> Result<Option<CustomHostname>, ApiError> {
    let known: Vec<CustomHostname> = list(api, &zone::hostnames(zone, hostname)).await?;
    Ok(known.into_iter().find(|known| known.hostname == hostname))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use futures::executor::block_on;
    use serde_json::{Value, json};

    use super::*;
    use crate::cloudflare::{Body, Method, Request, site::Sent};

    fn hostname(status: &str, ssl: Value) -> CustomHostname {
        let value = json!({
            "id": "h1", "hostname": "www.recipes.com", "status": status, "ssl": ssl, "verification_errors": ["custom hostname does not CNAME to this zone."],
        });
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn it_leads_when_name_and_certificate_are_there() {
        let good = hostname("active", json!({ "status": "active" }));
        assert_eq!(good.look(None), Look::Leads);
        let waits = hostname(
            "pending",
            json!({ "status": "pending_validation", "validation_records": [
                { "txt_name": "_acme-challenge.www.recipes.com", "txt_value": "t", "status": "pending" },
                { "http_url": "http://www.recipes.com/.well-known/x", "http_body": "b" },
            ] }),
        );
        let Look::Proven {
            problem,
            validation,
        } = waits.look(None)
        else {
            panic!("{waits:?}")
        };
        assert_eq!(
            problem,
            "Cloudflare says of it: custom hostname does not CNAME to this zone. Its certificate is `pending_validation`."
        );
        assert_eq!(validation.len(), 1);
        assert_eq!(validation[0].name, "_acme-challenge.www.recipes.com");
        // What is known of its DNS says more.
        let Look::Proven { problem, .. } = waits.look(Some("It leads nowhere.".to_owned())) else {
            panic!("{waits:?}")
        };
        assert_eq!(problem, "It leads nowhere.");
        let moved = hostname("moved", json!({ "status": "active" }));
        assert!(matches!(moved.look(None), Look::Proven { .. }));
        assert!(matches!(
            hostname("active", Value::Null).look(None),
            Look::Proven { .. }
        ));
    }

    /// A zone, as far as this module asks for it.
    #[derive(Default)]
    struct Zone(RefCell<Vec<String>>, RefCell<u32>);

    impl Api for Zone {
        async fn send(&self, request: &Request) -> Result<Sent, ApiError> {
            let mut known = self.0.borrow_mut();
            let shown = |id: &String| json!({ "id": id, "hostname": id, "status": "pending", "ssl": { "status": "initializing" } });
            let path = request.path.strip_prefix("/zones/z/custom_hostnames");
            let result = match (request.method, path.unwrap(), &request.body) {
                (Method::Get, "", _) => known.iter().map(shown).collect(),
                (Method::Post, "", Body::Json(_, body)) => {
                    *self.1.borrow_mut() += 1;
                    known.push(body["hostname"].as_str().unwrap().to_owned());
                    shown(known.last().unwrap())
                }
                (Method::Delete, id, _) => {
                    known.retain(|one| id != format!("/{one}"));
                    json!({ "id": id })
                }
                other => panic!("{other:?}"),
            };
            Ok(Sent {
                status: 200,
                retry_after: None,
                body: json!({ "success": true, "errors": [], "result": result })
                    .to_string()
                    .into_bytes(),
            })
        }

        async fn wait(&self, _: u64) {}
    }

    #[test]
    fn it_is_made_once_and_taken_away_once() {
        let zone = Zone::default();
        let first = block_on(ensure(&zone, "z", "www.recipes.com")).unwrap();
        let second = block_on(ensure(&zone, "z", "www.recipes.com")).unwrap();
        assert_eq!((first, *zone.1.borrow()), (second, 1));
        block_on(ensure(&zone, "z", "recipes.com")).unwrap();
        block_on(remove(&zone, "z", "www.recipes.com")).unwrap();
        block_on(remove(&zone, "z", "www.recipes.com")).unwrap();
        assert_eq!(*zone.0.borrow(), ["recipes.com"]);
    }
}
