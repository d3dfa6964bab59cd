//! Sends what the core asks of the API.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use overskill::cloudflare::{
    BASE, Body, Proof, Request,
    answer::{self, ApiError},
    site::{Api, Sent},
};
use ureq::Agent;
use ureq::http;
use ureq::tls::{RootCerts, TlsConfig};

use crate::kept;
use crate::order::Order;

/// The longest answer that is read, in bytes.
const MOST_BYTES: u64 = 32 << 20;

/// The API, for whoever has this token.
pub(crate) struct Cloudflare {
    agent: Agent,
    base: String,
    token: String,
}

/// What asks, and waits this long for an answer. Who is trusted is what the machine says.
pub(crate) fn agent(target: &str, timeout: Duration) -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier);
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(timeout))
        .user_agent("overskill-deploy")
        .tls_config(tls.build());
    // No proxy leads to this machine.
    if target.starts_with("http://127.0.0.1") || target.starts_with("http://localhost") {
        config = config.proxy(None);
    }
    config.build().into()
}

impl Cloudflare {
    /// Asks with the order's token, where the order says.
    ///
    /// # Errors
    /// When the token is none that can be sent.
    pub(crate) fn new(order: &Order) -> Result<Self> {
        let base = if order.api.is_empty() {
            BASE
        } else {
            order.api.trim_end_matches('/')
        };
        http::HeaderValue::from_str(&order.token).map_err(|_error| {
            anyhow::anyhow!("CLOUDFLARE_API_TOKEN has characters that no token has")
        })?;
        Ok(Self {
            agent: agent(base, Duration::from_secs(order.timeout_seconds)),
            base: base.to_owned(),
            token: order.token.clone(),
        })
    }

    fn asked(&self, request: &Request) -> Result<Sent, String> {
        let url = request.url();
        let rest = url.strip_prefix(BASE).unwrap_or(&url);
        let token = match &request.proof {
            Proof::Token => &self.token,
            Proof::Session(token) => token,
        };
        let (kind, body) = match &request.body {
            Body::None => (None, None),
            Body::Json(kind, value) => (
                Some((*kind).to_owned()),
                Some(value.to_string().into_bytes()),
            ),
            Body::Bytes(kind, bytes) => (Some(kind.clone()), Some(bytes.clone())),
            Body::Form(form) => {
                let seed = kept::random::<16>().map_err(|error| error.to_string())?;
                let boundary: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
                let (kind, bytes) = form.encode(&boundary);
                (Some(kind), Some(bytes))
            }
        };
        let mut head = http::Request::builder()
            .method(request.method.as_str())
            .uri(format!("{}{rest}", self.base))
            .header("authorization", format!("Bearer {token}"));
        if let Some(kind) = kind {
            head = head.header("content-type", kind);
        }
        let sent = match body {
            Some(body) => self
                .agent
                .run(head.body(body).map_err(|error| error.to_string())?),
            None => self
                .agent
                .run(head.body(()).map_err(|error| error.to_string())?),
        };
        let mut response = sent.map_err(|error| error.to_string())?;
        let retry_after = response.headers().get("retry-after");
        let retry_after =
            retry_after.and_then(|seconds| seconds.to_str().ok()?.trim().parse().ok());
        let body = response
            .body_mut()
            .with_config()
            .limit(MOST_BYTES)
            .read_to_vec();
        Ok(Sent {
            status: response.status().as_u16(),
            retry_after,
            body: body.map_err(|error| error.to_string())?,
        })
    }
}

impl Api for Cloudflare {
    async fn send(&self, request: &Request) -> Result<Sent, ApiError> {
        self.asked(request).map_err(answer::silent)
    }

    async fn wait(&self, millis: u64) {
        println!(
            "… Cloudflare is asked again in {} s",
            millis.div_ceil(1_000)
        );
        thread::sleep(Duration::from_millis(millis));
    }
}
