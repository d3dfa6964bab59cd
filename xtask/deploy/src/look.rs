//! What there is, before anything is changed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use overskill::cloudflare::{
    Account, Request,
    answer::ApiError,
    site::{self, Api},
    zone,
};
use overskill::publish::own::Storage;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::configuration::Configuration;
use crate::migrations;
use crate::order::Order;
use crate::permissions;
use crate::secrets;
use crate::variables::{self, Texts};
use crate::zones::Zone;

/// What was found.
pub(crate) struct Found {
    /// The account of both zones.
    pub(crate) account: Account,
    /// That of the console.
    pub(crate) console: Zone,
    /// That of the apps.
    pub(crate) apps: Zone,
    /// The Worker, where there is one.
    pub(crate) worker: Standing,
    /// What is told to the Worker in plain text.
    pub(crate) texts: Texts,
    /// The migrations that it does not have.
    pub(crate) migrations: Option<Value>,
    /// The buckets that are not there.
    pub(crate) buckets: Vec<String>,
    /// The dispatch namespace that is wanted and not there.
    pub(crate) namespace: Option<String>,
    /// Each queue, with its id where it is there.
    pub(crate) queues: BTreeMap<String, Option<String>>,
    /// Whether the console's host leads to the Worker.
    pub(crate) has_domain: bool,
    /// Whether the hosts of apps lead to it.
    pub(crate) has_route: bool,
    /// Whether visitors of those come to Cloudflare.
    pub(crate) has_record: bool,
    /// Whether the account has a name below `workers.dev`, where versions of apps are looked at.
    pub(crate) has_subdomain: bool,
}

/// The Worker as it stands; empty where there is none.
#[derive(Default)]
pub(crate) struct Standing {
    /// Whether there is one.
    pub(crate) exists: bool,
    /// The tag of its newest migration.
    migration: Option<String>,
    /// What it is told in plain text.
    texts: Texts,
    /// The names of its secrets.
    pub(crate) secrets: BTreeSet<String>,
    /// The version that answers, if one alone does.
    pub(crate) live: Option<String>,
    /// What that version is tagged with.
    pub(crate) tag: Option<String>,
}

/// Looks at everything; changes nothing.
///
/// # Errors
/// With all that is in the way: the token, zones, permissions, another Worker or record of the same name.
pub(crate) async fn at(api: &impl Api, order: &Order, plan: &Configuration) -> Result<Found> {
    let (account, console, apps) = permissions::permitted(api, order, &plan.name).await?;
    let worker = standing(api, &account, &plan.name).await?;
    let derived = derived(order, plan, &account, &apps);
    let names: Vec<&str> = derived.keys().map(String::as_str).collect();
    variables::check(&plan.vars, &names, &order.set)?;
    refuse_strangers(order, &plan.name, &worker)?;
    let texts = variables::told(&plan.vars, &derived, &order.set, &worker.texts);
    let mut buckets = Vec::new();
    for name in wanted_buckets(plan, &texts)? {
        if there::<Value>(api, &account.bucket(name)).await?.is_none() {
            buckets.push(name.to_owned());
        }
    }
    let namespace = missing_namespace(api, &account, &texts).await?;
    let mut queues = BTreeMap::new();
    for name in plan.queue_names() {
        queues.insert(name.to_owned(), queue(api, &account, name).await?);
    }
    Ok(Found {
        migrations: migrations::due(&plan.migrations, worker.migration.as_deref())?,
        has_domain: has_domain(api, &account, &order.console, &plan.name).await?,
        has_route: has_route(api, &apps, &order.apps, &plan.name).await?,
        has_record: has_record(api, &apps, &order.apps).await?,
        has_subdomain: there::<Value>(api, &account.subdomain()).await?.is_some(),
        account,
        console,
        apps,
        worker,
        texts,
        buckets,
        namespace,
        queues,
    })
}

async fn missing_namespace(
    api: &impl Api,
    account: &Account,
    texts: &Texts,
) -> Result<Option<String>> {
    let Some(wanted) = variables::namespace(texts) else {
        return Ok(None);
    };
    let found = there::<Value>(api, &account.namespace(wanted)).await?;
    Ok(found.is_none().then(|| wanted.to_owned()))
}

/// The buckets that the Worker has, and the one for the files of apps where they go into one.
fn wanted_buckets<'a>(plan: &'a Configuration, texts: &'a Texts) -> Result<Vec<&'a str>> {
    let text = |name| texts.get(name).map(String::as_str).unwrap_or_default();
    let bucket = text("CLOUDFLARE_BUCKET");
    let own = plan.r2_buckets.iter();
    let mut all: Vec<&str> = own.map(|bucket| bucket.bucket_name.as_str()).collect();
    match Storage::parse(text("CLOUDFLARE_FILES"), bucket).map_err(anyhow::Error::msg)? {
        Storage::R2 => all.push(bucket),
        Storage::Assets => {}
    }
    Ok(all)
}

/// The pattern of the route to all apps.
pub(crate) fn pattern(apps: &str) -> String {
    format!("*.{apps}/*")
}

/// What follows from where it is deployed.
fn derived(order: &Order, plan: &Configuration, account: &Account, apps: &Zone) -> Texts {
    [
        ("APPS_DOMAIN", order.apps.as_str()),
        ("BUILDER", "url"),
        ("CLOUDFLARE_ACCOUNT_ID", &account.0),
        ("CLOUDFLARE_PLATFORM", &plan.name),
        ("CLOUDFLARE_ZONE_ID", &apps.id),
        ("CONSOLE_HOST", &order.console),
        ("OPERATOR_WORKSPACE", secrets::WORKSPACE),
    ]
    .map(|(name, text)| (name.to_owned(), text.to_owned()))
    .into()
}

/// A Worker of this name may be somebody else's, or that of another installation.
fn refuse_strangers(order: &Order, name: &str, worker: &Standing) -> Result<()> {
    for (variable, ours) in [
        ("CONSOLE_HOST", &order.console),
        ("APPS_DOMAIN", &order.apps),
    ] {
        match worker.texts.get(variable) {
            Some(theirs) if theirs == ours => {}
            None if !worker.exists => {}
            None => {
                bail!("the account has another Worker that is called {name}; nothing was changed")
            }
            Some(theirs) => bail!(
                "the account's {name} has {variable} {theirs}, and not {ours}. An account has one installation, which stays where it is; nothing was changed"
            ),
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Service {
    default_environment: Environment,
}

#[derive(Deserialize)]
struct Environment {
    script: Script,
}

#[derive(Deserialize)]
struct Script {
    #[serde(default)]
    migration_tag: Option<String>,
}

#[derive(Deserialize)]
struct Settings {
    #[serde(default)]
    bindings: Vec<Bound>,
}

#[derive(Deserialize)]
struct Bound {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: Option<String>,
}

#[derive(Deserialize)]
struct Deployments {
    #[serde(default)]
    deployments: Vec<Deployment>,
}

#[derive(Deserialize)]
struct Deployment {
    #[serde(default)]
    versions: Vec<Share>,
}

#[derive(Deserialize)]
struct Share {
    version_id: String,
}

async fn standing(api: &impl Api, account: &Account, name: &str) -> Result<Standing> {
    let Some(service) = there::<Service>(api, &account.service(name)).await? else {
        return Ok(Standing::default());
    };
    let settings: Settings = site::ask(api, &account.worker_settings(name)).await?;
    let secrets: Vec<Bound> = site::ask(api, &account.secrets(name)).await?;
    let deployments: Deployments = site::ask(api, &account.deployments(name)).await?;
    let live = match deployments
        .deployments
        .first()
        .map(|one| one.versions.as_slice())
    {
        Some([share]) => Some(share.version_id.clone()),
        _ => None,
    };
    let tag = match &live {
        Some(version) => {
            let version: Value = site::ask(api, &account.version(name, version)).await?;
            let tag = version
                .pointer("/annotations/workers~1tag")
                .and_then(Value::as_str);
            tag.map(str::to_owned)
        }
        None => None,
    };
    let texts = settings
        .bindings
        .into_iter()
        .filter(|bound| bound.kind == "plain_text");
    Ok(Standing {
        exists: true,
        migration: service
            .default_environment
            .script
            .migration_tag
            .filter(|tag| !tag.is_empty()),
        texts: texts
            .filter_map(|bound| Some((bound.name, bound.text?)))
            .collect(),
        secrets: secrets.into_iter().map(|bound| bound.name).collect(),
        live,
        tag,
    })
}

#[derive(Deserialize)]
struct Queue {
    queue_id: String,
    queue_name: String,
}

/// The id of a queue.
pub(crate) async fn queue(api: &impl Api, account: &Account, name: &str) -> Result<Option<String>> {
    let found: Vec<Queue> = site::ask(api, &account.queues(name, 1)).await?;
    let found = found.into_iter().find(|queue| queue.queue_name == name);
    Ok(found.map(|queue| queue.queue_id))
}

#[derive(Deserialize)]
struct Domain {
    hostname: String,
    service: String,
}

async fn has_domain(api: &impl Api, account: &Account, host: &str, worker: &str) -> Result<bool> {
    let found: Vec<Domain> = site::ask(api, &account.domains(host)).await?;
    match found.into_iter().find(|domain| domain.hostname == host) {
        None => Ok(false),
        Some(domain) if domain.service == worker => Ok(true),
        Some(domain) => bail!(
            "{host} leads to the Worker {} already; nothing was changed",
            domain.service
        ),
    }
}

#[derive(Deserialize)]
struct Route {
    pattern: String,
    #[serde(default)]
    script: Option<String>,
}

async fn has_route(api: &impl Api, zone: &Zone, apps: &str, worker: &str) -> Result<bool> {
    let pattern = pattern(apps);
    let found: Vec<Route> = site::ask(api, &zone::routes(&zone.id)).await?;
    match found.into_iter().find(|route| route.pattern == pattern) {
        None => Ok(false),
        Some(route) if route.script.as_deref() == Some(worker) => Ok(true),
        Some(route) => bail!(
            "the route {pattern} leads to {} already; nothing was changed",
            route.script.as_deref().unwrap_or("no Worker")
        ),
    }
}

#[derive(Deserialize)]
struct Record {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    proxied: bool,
}

async fn has_record(api: &impl Api, zone: &Zone, apps: &str) -> Result<bool> {
    let name = format!("*.{apps}");
    let found: Vec<Record> = site::ask(api, &zone::records(&zone.id, &name)).await?;
    let mut leading = found.iter().filter(|record| {
        record.name == name && ["A", "AAAA", "CNAME"].contains(&record.kind.as_str())
    });
    match leading.next() {
        None => Ok(false),
        Some(record) if record.proxied => Ok(true),
        Some(record) => bail!(
            "the {} record of {name} leads past Cloudflare: have it proxied, or take it away; nothing was changed",
            record.kind
        ),
    }
}

/// What is asked for; nothing where it is not there.
async fn there<T: DeserializeOwned>(api: &impl Api, request: &Request) -> Result<Option<T>> {
    match site::ask(api, request).await {
        Ok(found) => Ok(Some(found)),
        Err(ApiError { status: 404, .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Found {
    /// Says what there is and what would be made.
    pub(crate) fn tell(&self, plan: &Configuration) {
        let say = |has: bool, what: String| {
            println!("{} {what}", if has { "✓ there:" } else { "→ to be made:" })
        };
        for name in wanted_buckets(plan, &self.texts).unwrap_or_default() {
            let is_missing = self.buckets.iter().any(|missing| missing == name);
            say(!is_missing, format!("the bucket {name}"));
        }
        if let Some(name) = variables::namespace(&self.texts) {
            let what = format!("the dispatch namespace {name}");
            say(self.namespace.is_none(), what);
        }
        for (name, id) in &self.queues {
            say(id.is_some(), format!("the queue {name}"));
        }
        say(self.worker.exists, format!("the Worker {}", plan.name));
        if let Some(what) = self.texts.get("CONSOLE_HOST") {
            say(self.has_domain, format!("the custom domain {what}"));
        }
        if let Some(what) = self.texts.get("APPS_DOMAIN") {
            say(self.has_route, format!("the route {}", pattern(what)));
            say(self.has_record, format!("a proxied record of *.{what}"));
        }
        println!("Nothing was changed.");
    }
}
