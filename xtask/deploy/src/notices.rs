//! What is left to the operator, said in the end: a deployment that is done is not yet an installation that does everything.

use crate::look::Found;
use crate::order::Order;
use crate::secrets;
use crate::variables::Texts;

/// Says where the first token is, and what is left to do.
pub(crate) fn tell(order: &Order, found: &Found) {
    println!("  console  https://{}", order.console);
    if secrets::has_token(&order.folder) {
        println!(
            "  token    in {}",
            order.folder.join(secrets::TOKEN_FILE).display()
        );
    } else {
        println!("  token    where the first deployment was made");
    }
    let hash = secrets::builder_hash(&order.folder, &order.set);
    let left = left(order, found, hash.as_deref());
    if left.is_empty() {
        return;
    }
    println!("What is left to do:");
    for line in left {
        println!("  - {line}");
    }
}

fn left(order: &Order, found: &Found, builder_hash: Option<&str>) -> Vec<String> {
    let mut left = Vec::new();
    for zone in [&found.console, &found.apps] {
        if zone.status != "active" {
            left.push(format!(
                "the zone {} is {}: set the name servers that the dashboard shows at its registrar",
                zone.name, zone.status
            ));
        }
    }
    if order.apps != found.apps.name {
        left.push(format!("the certificate that Cloudflare gives by itself is of *.{} alone: order one for *.{} (SSL/TLS, Edge Certificates)", found.apps.name, order.apps));
    }
    if !found.has_subdomain {
        left.push("apps cannot be deployed before the account has a name below workers.dev: open Workers & Pages on the dashboard once".to_owned());
    }
    left.extend(missing(
        &found.texts,
        |name| order.set.contains_key(name) || found.worker.secrets.contains(name),
        builder_hash,
    ));
    left
}

/// What the Worker is not told, and does not do.
fn missing(
    texts: &Texts,
    has_secret: impl Fn(&str) -> bool,
    builder_hash: Option<&str>,
) -> Vec<String> {
    let text = |name: &str| texts.get(name).map(String::as_str).unwrap_or_default();
    let mut left = Vec::new();
    if text("BUILDER_URL").is_empty() {
        let hash = builder_hash.map_or("the SHA-256 of BUILDER_TOKEN".to_owned(), str::to_owned);
        left.push(format!(
            "nothing is built without a builder: run one (docs/builder.md) with BUILDER_TOKEN_HASH={hash}, then deploy again with BUILDER_URL=https://…"
        ));
    }
    if text("SUPABASE_URL").is_empty() {
        left.push("apps keep no records without a Supabase project: migrate one (docs/deploy.md), then deploy again with SUPABASE_URL and its keys".to_owned());
    } else {
        let keys = ["SUPABASE_SECRET_KEY", "SUPABASE_JWT_SECRET"];
        left.extend(keys.iter().filter(|key| !has_secret(key)).map(|key| {
            format!("SUPABASE_URL is set, and the secret {key} is not: deploy again with it")
        }));
    }
    let models = text("MODEL");
    if models == "offline" {
        left.push("the built-in planner answers alone: deploy again with ANTHROPIC_API_KEY or OPENAI_API_KEY for a model".to_owned());
    }
    for (family, key) in [
        ("claude", "ANTHROPIC_API_KEY"),
        ("gpt", "OPENAI_API_KEY"),
        ("@cf/", "WORKERS_AI_API_KEY"),
    ] {
        if models.contains(family) && !has_secret(key) {
            left.push(format!(
                "MODEL is {models}, and the secret {key} is not set: deploy again with it"
            ));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(texts: &[(&str, &str)], secrets: &[&str]) -> Vec<String> {
        let texts = texts
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        missing(
            &texts.collect(),
            |name| secrets.contains(&name),
            Some("abc"),
        )
    }

    #[test]
    fn what_does_not_work_yet_is_said_with_what_to_do() {
        let bare = told(&[("MODEL", "offline")], &[]);
        assert_eq!(bare.len(), 3, "{bare:?}");
        assert!(bare[0].contains("BUILDER_TOKEN_HASH=abc"), "{}", bare[0]);
        let whole = [
            ("BUILDER_URL", "https://b.test"),
            ("SUPABASE_URL", "https://s.test"),
            ("MODEL", "claude-x,gpt-y"),
        ];
        let keys = [
            "SUPABASE_SECRET_KEY",
            "SUPABASE_JWT_SECRET",
            "ANTHROPIC_API_KEY",
            "OPENAI_API_KEY",
        ];
        assert!(told(&whole, &keys).is_empty());
        let half = told(&whole, &keys[1..3]);
        assert_eq!(half.len(), 2, "{half:?}");
        assert!(half[0].contains("SUPABASE_SECRET_KEY") && half[1].contains("OPENAI_API_KEY"));
    }
}
