//! What is done, step by step. Each is left out where it is done already. What has to be there for the Worker comes before it, what leads to it after: the
//! upload is the one step that changes what answers, and it is made whole or not at all.

use anyhow::{Context, Result, bail};
use overskill::cloudflare::{
    Account, Consumer, Place,
    site::{self, Api},
    zone,
};
use serde::Deserialize;
use serde_json::Value;

use crate::configuration::{Configuration, Consumed};
use crate::look::{self, Found};
use crate::notices;
use crate::order::Order;
use crate::probe::{self, Seen};
use crate::secrets;
use crate::upload;
use crate::{assets, variables::Texts};

/// What a proxied record leads to where a Worker answers: nothing (RFC 6666).
const DISCARD: &str = "100::";

const BEFORE: &str = "nothing has changed of what answers; run the same again to go on from there";
const UNHEARD: &str = "whether the Worker was taken is not known: it is there as a whole or not at all; run the same again to go on from there";
const AFTER: &str = "the Worker is there; run the same again to go on from there";

/// Takes all steps, and sees that the console answers.
///
/// # Errors
/// At the first step that fails, and when the console does not answer. What answered before goes on, and the same again goes on from there.
pub(crate) async fn take(
    api: &impl Api,
    order: &Order,
    plan: &Configuration,
    mut found: Found,
) -> Result<()> {
    buckets(api, &found).await.context(BEFORE)?;
    namespace(api, &found).await.context(BEFORE)?;
    queues(api, &mut found).await.context(BEFORE)?;
    let put = worker(api, order, plan, &found).await?;
    consumers(api, plan, &found).await.context(AFTER)?;
    hosts(api, order, plan, &found).await.context(AFTER)?;
    match probe::console(order) {
        Seen::Answers => println!("✓ https://{} answers", order.console),
        Seen::Fails(why) => return Err(put_back(api, plan, &found, put, &why).await),
        Seen::Silent(why) => bail!(
            "everything is made, but https://{} does not answer yet: {why}. A host name that is new has its certificate after some minutes: \
             run the same again to see whether it answers",
            order.console
        ),
    }
    notices::tell(order, &found);
    Ok(())
}

async fn buckets(api: &impl Api, found: &Found) -> Result<()> {
    for name in &found.buckets {
        site::tell(api, &found.account.post_bucket(name)).await?;
        println!("✓ the bucket {name} is made");
    }
    Ok(())
}

async fn namespace(api: &impl Api, found: &Found) -> Result<()> {
    if let Some(name) = &found.namespace {
        site::tell(api, &found.account.post_namespace(name)).await?;
        println!("✓ the dispatch namespace {name} is made");
    }
    Ok(())
}

#[derive(Deserialize)]
struct Made {
    queue_id: String,
}

async fn queues(api: &impl Api, found: &mut Found) -> Result<()> {
    for (name, id) in &mut found.queues {
        if id.is_none() {
            let made: Made = site::ask(api, &found.account.post_queue(name)).await?;
            *id = Some(made.queue_id);
            println!("✓ the queue {name} is made");
        }
    }
    Ok(())
}

/// Uploads the Worker with all that it is given, unless what is live is that. Whether it was uploaded.
async fn worker(
    api: &impl Api,
    order: &Order,
    plan: &Configuration,
    found: &Found,
) -> Result<bool> {
    let mut set: Texts = order.set.clone();
    set.insert("CLOUDFLARE_API_TOKEN".to_owned(), order.token.clone());
    let secrets = secrets::chosen(&set, &found.worker.secrets, &order.folder)?;
    let built = upload::built(&order.root, plan)?;
    let mut upload = upload::upload(plan, &built, &found.texts, &secrets)?;
    let tag = upload::tag(plan, &upload, &built.assets, &secrets.made, &order.token)?;
    let is_live = found.worker.tag.as_deref() == Some(tag.as_str());
    if is_live && found.migrations.is_none() && secrets.made.is_empty() {
        println!("✓ the Worker {} is there as it is to be", plan.name);
        return Ok(false);
    }
    let files = assets::send(api, &found.account, &plan.name, &built.assets)
        .await
        .context(BEFORE)?;
    upload.more = upload::more(plan, &tag, &files, found.migrations.as_ref());
    let put = found.account.put_worker(Place::Own, &plan.name, &upload);
    site::tell(api, &put).await.map_err(|error| {
        let is_known = (400..500).contains(&error.status);
        anyhow::Error::new(error).context(if is_known { BEFORE } else { UNHEARD })
    })?;
    println!(
        "✓ the Worker {} is uploaded ({} modules, {} files)",
        plan.name,
        built.modules.len(),
        built.assets.len()
    );
    Ok(true)
}

async fn consumers(api: &impl Api, plan: &Configuration, found: &Found) -> Result<()> {
    for of in &plan.queues.consumers {
        let queue = found.queues.get(&of.queue).and_then(Option::as_deref);
        let queue = queue.with_context(|| format!("the queue {} is not there", of.queue))?;
        consumer(api, &found.account, queue, of, &plan.consumer(of)).await?;
    }
    Ok(())
}

async fn consumer(
    api: &impl Api,
    account: &Account,
    queue: &str,
    of: &Consumed,
    wanted: &Consumer,
) -> Result<()> {
    let there: Vec<Value> = site::list(api, &account.consumers(queue)).await?;
    if there.iter().any(|told| wanted.is(told)) {
        return Ok(());
    }
    let text = |told: &Value, name: &str| told.get(name).and_then(Value::as_str).map(str::to_owned);
    // A queue has one Worker that consumes it.
    let other = there
        .iter()
        .find(|told| text(told, "type").as_deref() == Some("worker"));
    let request = match other {
        None => account.post_consumer(queue, wanted),
        Some(told) => {
            let owner = ["script", "script_name", "service"]
                .iter()
                .find_map(|name| text(told, name));
            if let Some(owner) = owner.filter(|owner| *owner != wanted.worker) {
                bail!(
                    "the queue {} is consumed by the Worker {owner}: take that away first",
                    of.queue
                );
            }
            let id = text(told, "consumer_id").context("a consumer without an id")?;
            account.put_consumer(queue, &id, wanted)
        }
    };
    site::tell(api, &request).await?;
    println!("✓ the Worker consumes the queue {}", of.queue);
    Ok(())
}

/// Leads the console's host and those of the apps to the Worker.
async fn hosts(api: &impl Api, order: &Order, plan: &Configuration, found: &Found) -> Result<()> {
    if !found.has_domain {
        let domain = found
            .account
            .put_domain(&order.console, &plan.name, &found.console.id);
        site::tell(api, &domain).await?;
        println!("✓ {} leads to the Worker", order.console);
    }
    if !found.has_route {
        let route = zone::post_route(&found.apps.id, &look::pattern(&order.apps), &plan.name);
        site::tell(api, &route).await?;
        println!(
            "✓ the route {} leads to the Worker",
            look::pattern(&order.apps)
        );
    }
    if !found.has_record {
        let name = format!("*.{}", order.apps);
        let record = zone::post_record(&found.apps.id, "AAAA", &name, DISCARD);
        site::tell(api, &record).await?;
        println!("✓ {name} has a proxied record");
    }
    Ok(())
}

/// The version before answers again after one that does not work; what is said of that.
async fn put_back(
    api: &impl Api,
    plan: &Configuration,
    found: &Found,
    put: bool,
    why: &str,
) -> anyhow::Error {
    let said = format!("the Worker does not work: {why}");
    let before = match &found.worker.live {
        Some(version) if put && found.migrations.is_none() => version,
        Some(_) if put => {
            return anyhow::anyhow!(
                "{said}. The version before cannot be put back, since there was a migration of Durable Objects with this one"
            );
        }
        _ => return anyhow::anyhow!("{said}; its logs on the dashboard say more"),
    };
    let back = found
        .account
        .deploy(&plan.name, &[(before, 100)], "the next one did not work");
    match site::tell(api, &back).await {
        Ok(()) => anyhow::anyhow!("{said}. The version before answers again"),
        Err(error) => {
            anyhow::anyhow!("{said}, and the version before could not be put back: {error}")
        }
    }
}
