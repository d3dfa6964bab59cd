//! What the token has to be permitted, asked before anything is changed: each by reading, and then by taking away something that is not there, which is
//! refused to whoever may only read. The API tells nobody what a token may do.

use anyhow::{Result, bail};
use overskill::cloudflare::{
    self, Account, Place, Request,
    answer::{self, ApiError},
    site::{self, Api},
    zone,
};
use serde::Deserialize;

use crate::order::Order;
use crate::zones::{self, Owner, Zone};

/// The id, or the name, of nothing.
const NOTHING: &str = "00000000000000000000000000000000";

/// Something that is read, and something that is changed, by one permission.
type Pair = (Request, Request);

/// The account and the zones of console and apps, where the token may do all that has to be done.
///
/// # Errors
/// With everything that it may not, and when the zones are not on one account.
pub(crate) async fn permitted(
    api: &impl Api,
    order: &Order,
    worker: &str,
) -> Result<(Account, Zone, Zone)> {
    let [console, apps] = seen(api, order).await?;
    let owner = match (&console, &apps) {
        (Some(one), Some(other)) if one.account != other.account => bail!(
            "the zones of {} and {} are on two accounts: a Worker answers for those of its own alone",
            order.console,
            order.apps
        ),
        (Some(zone), _) | (None, Some(zone)) => Some(zone.account.clone()),
        (None, None) => only_account(api).await,
    };
    let account = owner.map(|owner| Account(owner.id));
    let mut lacking: Vec<String> = Vec::new();
    for (host, zone) in [(&order.console, &console), (&order.apps, &apps)] {
        if zone.is_none() {
            let names = zones::candidates(host).join(" nor ");
            lacking.push(format!(
                "Zone: Read, for the zone of {host} (neither {names} is to be seen; it has to be a zone of the account)"
            ));
        }
    }
    if let Some(account) = &account {
        for name in denied(api, of_account(account, worker)).await? {
            lacking.push(format!("{name}, for the account"));
        }
    }
    if let Some(zone) = &apps {
        for name in denied(api, of_apps(zone)).await? {
            lacking.push(format!("{name}, for the zone {}", zone.name));
        }
    }
    match (account, console, apps) {
        (Some(account), Some(console), Some(apps)) if lacking.is_empty() => {
            let (one, other) = (&console.name, &apps.name);
            println!(
                "✓ the token may do all that is needed, on the account {} with {one} and {other}",
                account.0
            );
            Ok((account, console, apps))
        }
        _ => bail!(
            "the API token lacks permissions (My Profile, API Tokens):\n  {}\nNothing was changed",
            lacking.join("\n  ")
        ),
    }
}

#[derive(Deserialize)]
struct Token {
    status: String,
}

/// The zones of console and apps that a good token sees.
async fn seen(api: &impl Api, order: &Order) -> Result<[Option<Zone>; 2]> {
    let refused = match good(api, &cloudflare::verify()).await {
        Err(error) if error.status == 401 => Some(error),
        outcome => {
            outcome.map_err(|error| error.context("CLOUDFLARE_API_TOKEN"))?;
            None
        }
    };
    let console = zones::of(api, &order.console).await;
    if let Some(error) = refused {
        // One that is an account's own is no user's: it is asked about there.
        let own = match &console {
            Ok(Some(zone)) => good(api, &Account(zone.account.id.clone()).verify())
                .await
                .is_ok(),
            _ => false,
        };
        if !own {
            return Err(error.context("CLOUDFLARE_API_TOKEN"));
        }
    }
    Ok([console?, zones::of(api, &order.apps).await?])
}

/// Why a token is not good.
struct Refused {
    status: u16,
    why: anyhow::Error,
}

impl Refused {
    fn context(self, what: &'static str) -> anyhow::Error {
        self.why.context(what)
    }
}

async fn good(api: &impl Api, request: &Request) -> Result<(), Refused> {
    let told: Token = site::ask(api, request).await.map_err(|error| Refused {
        status: error.status,
        why: error.into(),
    })?;
    if told.status == "active" {
        return Ok(());
    }
    Err(Refused {
        status: 401,
        why: anyhow::anyhow!("it is {}", told.status),
    })
}

/// The account, where the token sees one alone.
async fn only_account(api: &impl Api) -> Option<Owner> {
    let seen: Vec<Owner> = site::ask(api, &cloudflare::accounts()).await.ok()?;
    match seen.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}

/// What the later steps need of an account.
fn of_account(account: &Account, worker: &str) -> Vec<Pair> {
    vec![
        (
            account.service(worker),
            account.delete_worker(Place::Own, NOTHING),
        ),
        (account.buckets(), account.delete_bucket(NOTHING)),
        (account.queues(NOTHING, 1), account.delete_queue(NOTHING)),
    ]
}

/// What they need of the zone of the apps.
fn of_apps(zone: &Zone) -> Vec<Pair> {
    vec![
        (
            zone::routes(&zone.id),
            zone::delete_route(&zone.id, NOTHING),
        ),
        (
            zone::records(&zone.id, &zone.name),
            zone::delete_record(&zone.id, NOTHING),
        ),
    ]
}

/// Those that the token lacks, by the names of the dashboard.
async fn denied(api: &impl Api, needed: Vec<Pair>) -> Result<Vec<&'static str>> {
    let mut lacking = Vec::new();
    for (read, change) in needed {
        let is_denied =
            refuses(site::tell(api, &read).await)? || refuses(site::tell(api, &change).await)?;
        if is_denied {
            lacking.push(answer::permission(&change));
        }
    }
    Ok(lacking)
}

fn refuses(outcome: Result<(), ApiError>) -> Result<bool> {
    match outcome {
        Err(error) if error.is_denied() => Ok(true),
        // That there is no such thing was to be expected.
        Err(error) if !(400..500).contains(&error.status) || error.is_off() => Err(error.into()),
        _ => Ok(false),
    }
}
