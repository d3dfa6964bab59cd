//! How somebody comes in to an app: what Supabase Auth is asked, and what is asked of the app's owner's policy before and after.
//!
//! Who may not make an account hears so before one is made, whoever has one; who may not join hears so when they have proven who they
//! are, and the session that they have proven it by is closed. Nobody learns here who has an account: where the answers of the shard
//! depend on that, they are replaced.

use serde_json::{Map, Value, json};
use worker::{Env, Headers, Request, Response, console_error};

use super::{Stop, finish, headers_for, send};
use crate::{
    data::{
        Shard,
        gate::{AuthCall, Denied, Landing, MOST_BODY_BYTES, Service, Way, back_to},
        token, unavailable,
        visit::{self, Said},
    },
    edge::{
        api, clock,
        data::Tables,
        objects::{self, ConversationCall},
        signature,
    },
    error::{Error, Result},
    ids::AppId,
};

/// The door of an app.
pub(super) struct Door<'a> {
    pub(super) env: &'a Env,
    pub(super) app: &'a AppId,
    pub(super) tables: Tables,
}

impl Door<'_> {
    /// Answers a call to the authorization. `shown` is the token of a session of this app.
    pub(super) async fn pass(
        &self,
        mut request: Request,
        call: &AuthCall,
        shown: Option<&str>,
    ) -> Result<Response, Stop> {
        // The crate's own type takes a method that it does not know for GET.
        let method = request.inner().method();
        let body = api::read_body(&mut request, MOST_BODY_BYTES).await?;
        let said = Said::read(&body);
        let address = request
            .headers()
            .get("cf-connecting-ip")
            .map_err(Error::internal)?;
        self.knock(call.way, &said, address.as_deref()).await?;
        let email = said.email();
        if matches!(call.way, Way::SignUp | Way::Link) {
            // Whoever is a user already may have a link.
            let is_link = call.way == Way::Link;
            let arguments =
                json!({ "p_app_id": self.app, "p_email": email, "p_spares_users": is_link });
            let refusal = self.tables.people("sign_up_refusal", &arguments).await?;
            match refusal.as_str() {
                None => {}
                // Whether somebody is one is not told: they just get no mail.
                Some(_) if is_link => return Ok(json_answer("{}".to_owned())?),
                Some(policy) => return Err(refused(policy).into()),
            }
        }
        let headers = self.headers(&request, shown, address.as_deref())?;
        if call.way == Way::Landing {
            return Ok(self.land(call, &headers).await?);
        }
        let has_proof = said.has_proof();
        let body = match said.text("refresh_token") {
            Some(_) if call.way == Way::In => self.unbound(said.clone())?.into_bytes(),
            _ => body,
        };
        let target = call.target(has_proof);
        let mut response = send(&self.tables, &method, &target, &headers, &body).await?;
        let is_too_often = response.status_code() == 429;
        let goes_on = match call.way {
            Way::In => response.status_code() == 200,
            Way::SignUp => response.status_code() == 200 || is_too_often,
            Way::Link | Way::Mail => is_too_often,
            Way::Other | Way::Account | Way::Provider | Way::Landing => false,
        };
        if !goes_on {
            return Ok(finish(response, None)?);
        }
        let text = response.text().await.map_err(unavailable)?;
        if is_too_often {
            let (code, message) = reason(&text);
            if code != "over_email_send_rate_limit" {
                let again = Response::ok(text).map_err(Error::internal)?;
                let again = again.with_headers(response.headers().clone());
                return Ok(finish(again.with_status(429), None)?);
            }
            // It would not have sent one to whoever has no account.
            console_error!("the shard of {} sends no mail: {message}", self.app);
        }
        let answer = match (call.way, Opened::read(&text)) {
            (_, Some(opened)) => Value::Object(self.enter(opened).await?.answer).to_string(),
            (Way::SignUp, None) => {
                let now = js_sys::Date::new_0().to_iso_string();
                said.pending(
                    self.app,
                    self.tables.shard().signing().secret(),
                    &String::from(now),
                )
            }
            (Way::Link | Way::Mail, None) => "{}".to_owned(),
            (_, None) => text,
        };
        Ok(json_answer(answer)?)
    }

    /// Counts an attempt. Nobody signs in to an app that there is not.
    async fn knock(&self, way: Way, said: &Said, address: Option<&str>) -> Result<(), Stop> {
        let call = ConversationCall::Knock {
            attempts: visit::attempts(way, said, address),
            at: clock::now(),
        };
        let wait: Option<u64> = objects::conversation(self.env, self.app)?
            .ask(None, call)
            .await?;
        let mut denied = match wait {
            Some(0) => return Ok(()),
            None => Service::Auth.denied(404, "not_found", "There is no such app."),
            Some(wait) => {
                let message = format!("Too many attempts. Try again in {wait} seconds.");
                Service::Auth.denied(429, "over_request_rate_limit", &message)
            }
        };
        denied.wait = wait.unwrap_or_default();
        Err(denied.into())
    }

    /// What the shard is told. Who comes without a session is told with their own address, so that its limits are theirs and not the
    /// platform's: the shard believes that of whoever has the secret key, if its operator has switched it on.
    fn headers(
        &self,
        request: &Request,
        shown: Option<&str>,
        address: Option<&str>,
    ) -> Result<Headers> {
        let address = address.filter(|_| shown.is_none());
        let key = match address {
            Some(_) => self.tables.shard().secret_key(),
            None => self.tables.shard().publishable_key(),
        };
        let headers = headers_for(request, key, shown)?;
        if let Some(address) = address {
            headers
                .set("sb-forwarded-for", address)
                .map_err(Error::internal)?;
            // A shard takes no secret key from what says that it is a browser.
            headers.delete("user-agent").map_err(Error::internal)?;
        }
        Ok(headers)
    }

    /// A body that renews a session, as the shard knows it.
    fn unbound(&self, said: Said) -> Result<String, Denied> {
        const NAME: &str = "refresh_token";
        let bound = said.text(NAME).unwrap_or_default();
        let refresh =
            token::unbind_refresh(bound, self.app, self.tables.shard().signing().secret());
        let Some(refresh) = refresh.map(str::to_owned) else {
            let message = "Invalid Refresh Token: Refresh Token Not Found";
            return Err(Service::Auth.denied(400, "refresh_token_not_found", message));
        };
        Ok(said.with(NAME, &refresh))
    }

    /// Makes whoever a session was opened for a user of the app, and binds it; what may not be used is closed again.
    async fn enter(&self, mut opened: Opened) -> Result<Opened, Stop> {
        let claims = signature::given(self.tables.shard(), &opened.access).await?;
        let arguments = json!({ "p_app_id": self.app, "p_user_id": opened.user });
        let status = self.tables.people("join_app", &arguments).await?;
        if status == "active" {
            opened.bind(claims, self.app, self.tables.shard()).await?;
            return Ok(opened);
        }
        let headers = Headers::new();
        let key = self.tables.shard().publishable_key();
        let bearer = format!("Bearer {}", opened.access);
        for (name, value) in [("apikey", key), ("authorization", bearer.as_str())] {
            headers.set(name, value).map_err(Error::internal)?;
        }
        let closed = send(
            &self.tables,
            "POST",
            "/auth/v1/logout?scope=local",
            &headers,
            &[],
        )
        .await;
        match closed.map(|closed| closed.status_code()) {
            Ok(200..300) => {}
            Ok(other) => console_error!("a session in {} stays open: {other}", self.app),
            Err(error) => console_error!("a session in {} stays open: {error}", self.app),
        }
        Err(match status.as_str().unwrap_or_default() {
            "blocked" => {
                Service::Auth.denied(403, "user_banned", "This account may not use this app.")
            }
            policy => refused(policy),
        }
        .into())
    }

    /// Sends on whoever came by a link, or back from a provider.
    async fn land(&self, call: &AuthCall, headers: &Headers) -> Result<Response> {
        let to = match call.landing() {
            Landing::Go(to) => to,
            Landing::Open { token, kind } => match self.open(&token, &kind, headers).await {
                Ok(opened) => call.said(&opened.fragment(&kind)),
                Err(Stop::Denied(denied)) => {
                    let (code, message) = reason(&denied.body);
                    call.failed(&code, &message)
                }
                Err(Stop::Failed(error)) => return Err(error),
            },
        };
        let headers = Headers::new();
        for (name, value) in [
            ("location", to.as_str()),
            ("referrer-policy", "no-referrer"),
        ] {
            headers.set(name, value).map_err(Error::internal)?;
        }
        let response = Response::empty().map_err(Error::internal)?;
        let response = finish(response.with_status(303).with_headers(headers), None)?;
        response
            .headers()
            .set("referrer-policy", "no-referrer")
            .map_err(Error::internal)?;
        Ok(response)
    }

    async fn open(&self, token: &str, kind: &str, headers: &Headers) -> Result<Opened, Stop> {
        let body = json!({ "type": kind, "token_hash": token }).to_string();
        headers
            .set("content-type", "application/json")
            .map_err(Error::internal)?;
        let verify = "/auth/v1/verify";
        let mut response = send(&self.tables, "POST", verify, headers, body.as_bytes()).await?;
        let text = response.text().await.map_err(unavailable)?;
        let Some(opened) = Opened::read(&text).filter(|_| response.status_code() == 200) else {
            let (code, message) = reason(&text);
            return Err(Service::Auth.denied(403, &code, &message).into());
        };
        self.enter(opened).await
    }
}

/// Sends somebody who is invited a mail with a link into the app at `origin`; whether it went out.
pub(in crate::edge) async fn mail_invitation(
    tables: &Tables,
    origin: &str,
    email: &str,
) -> Result<bool> {
    // The page opens the session: whether it keeps a proof is not known, and this works for both.
    let back = back_to(origin, origin, true);
    let back = percent_encoding::utf8_percent_encode(&back, percent_encoding::NON_ALPHANUMERIC);
    let headers = Headers::new();
    let key = tables.shard().secret_key();
    let bearer = format!("Bearer {key}");
    for (name, value) in [
        ("apikey", key),
        ("authorization", &bearer),
        ("content-type", "application/json"),
    ] {
        headers.set(name, value).map_err(Error::internal)?;
    }
    let target = format!("/auth/v1/otp?redirect_to={back}");
    let body = json!({ "email": email, "create_user": true }).to_string();
    match send(tables, "POST", &target, &headers, body.as_bytes()).await {
        Ok(response) if response.status_code() == 200 => return Ok(true),
        Ok(response) => console_error!("an invitation is not sent: {}", response.status_code()),
        Err(error) => console_error!("an invitation is not sent: {error}"),
    }
    Ok(false)
}

/// An answer that gives a session.
struct Opened {
    answer: Map<String, Value>,
    access: String,
    refresh: String,
    user: String,
}

impl Opened {
    fn read(text: &str) -> Option<Self> {
        let answer: Map<String, Value> = crate::json::from_str(text).ok()?;
        let member = |name: &str| Some(answer.get(name)?.as_str()?.to_owned());
        Some(Self {
            access: member("access_token")?,
            refresh: member("refresh_token")?,
            user: answer.get("user")?.get("id")?.as_str()?.to_owned(),
            answer,
        })
    }

    /// Leaves in the answer what is good in this app alone.
    async fn bind(&mut self, claims: Map<String, Value>, app: &AppId, shard: &Shard) -> Result<()> {
        let access = signature::signed(shard, &token::bound(claims, app)).await?;
        let refresh = token::bind_refresh(&self.refresh, app, shard.signing().secret());
        for (name, value) in [("access_token", access), ("refresh_token", refresh)] {
            self.answer.insert(name.to_owned(), value.into());
        }
        Ok(())
    }

    /// The session as it stands behind the `#` of an address.
    fn fragment(&self, kind: &str) -> String {
        let mut text = format!("type={kind}");
        for name in [
            "access_token",
            "refresh_token",
            "expires_in",
            "expires_at",
            "token_type",
        ] {
            let value = match self.answer.get(name) {
                Some(Value::String(value)) => value.clone(),
                Some(value) => value.to_string(),
                None => continue,
            };
            text = format!("{text}&{name}={value}");
        }
        text
    }
}

/// The answer to whoever may not join.
fn refused(policy: &str) -> Denied {
    let (code, message) = match policy {
        "email_domain" => (
            "email_address_not_authorized",
            "This app takes addresses of certain domains only. Ask whoever runs it to invite you.",
        ),
        "invite_only" => (
            "signup_disabled",
            "This app takes invited people only. Ask whoever runs it to invite you.",
        ),
        _ => ("signup_disabled", "This app takes nobody new."),
    };
    Service::Auth.denied(403, code, message)
}

/// The code and the words of a refusal of Supabase Auth's.
fn reason(text: &str) -> (String, String) {
    let said: Map<String, Value> = crate::json::from_str(text).unwrap_or_default();
    let member = |names: [&str; 2]| {
        let found = names.iter().find_map(|name| said.get(*name)?.as_str());
        found.map(str::to_owned)
    };
    (
        member(["error_code", "code"]).unwrap_or_else(|| "unexpected_failure".to_owned()),
        member(["msg", "message"]).unwrap_or_else(|| "It did not work. Try again.".to_owned()),
    )
}

fn json_answer(text: String) -> Result<Response> {
    let response = Response::ok(text).map_err(Error::internal)?;
    finish(response, Some("application/json"))
}
