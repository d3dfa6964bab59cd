//! Tokens, and the console's sessions.

use super::{Call, Principal, Reply};
use crate::{
    edge::{
        clock,
        objects::{self, TokenRow, WorkspaceCall},
        random,
    },
    error::{Error, Kind, Result},
    http::{
        auth::{self, ApiToken, Credential, SESSION_SECONDS, SessionToken},
        body::{ConsoleLogin, CreateToken, MAX_JSON_BYTES},
        page::{self, Page},
        resource::{Session, Token, TokenCreated, TokenPage},
    },
    ids::TokenId,
};

/// What a repeated request is told about the token that the first one made.
pub(super) fn secret_was_shown(token: &TokenId) -> Reply {
    Reply::problem(&Error::new(
        Kind::Conflict,
        format!(
            "This request has made the token `{token}` already, and its secret is shown only once. Delete that token and make another one."
        ),
    ))
}

impl Call<'_> {
    pub(super) async fn log_in(&mut self) -> Result<Reply> {
        self.refuse_foreign_origin()?;
        let bytes = self.body(MAX_JSON_BYTES).await?;
        let ConsoleLogin { token } = self.parse(&bytes)?;
        let workspace = token.workspace().clone();
        let opened_with = token.hash();
        if self.known_as(&Credential::Token(token)).await?.is_none() {
            return Err(Error::new(
                Kind::Unauthenticated,
                "This token is not valid.",
            ));
        }
        let session = SessionToken::fresh(&workspace, &random::bytes()?);
        let expires_at = clock::now().after(SESSION_SECONDS * 1_000);
        objects::workspace(self.env, &workspace)?
            .ask::<()>(
                None,
                WorkspaceCall::OpenSession {
                    hash: session.hash(),
                    token: opened_with,
                    expires_at,
                },
            )
            .await?;
        Ok(Reply::empty().with("set-cookie", auth::set_cookie(&session)))
    }

    pub(super) async fn log_out(&self) -> Result<Reply> {
        self.refuse_foreign_origin()?;
        if let Some(session) = auth::session(self.header("cookie")?.as_deref())
            .ok()
            .flatten()
        {
            self.check_origin()?;
            let call = WorkspaceCall::CloseSession {
                hash: session.hash(),
            };
            let workspace = objects::workspace(self.env, session.workspace())?;
            let known = self.known_as(&Credential::Session(session)).await?;
            if known.is_some() {
                workspace.ask::<()>(None, call).await?;
            }
        }
        Ok(Reply::empty().with("set-cookie", auth::clear_cookie()))
    }

    /// For calls by cookie that change something.
    pub(super) fn check_origin(&self) -> Result<()> {
        auth::check_origin(
            self.hosts.console_origin(),
            self.header("origin")?.as_deref(),
            self.header("sec-fetch-site")?.as_deref(),
        )
    }

    fn refuse_foreign_origin(&self) -> Result<()> {
        auth::refuse_foreign_origin(
            self.hosts.console_origin(),
            self.header("origin")?.as_deref(),
            self.header("sec-fetch-site")?.as_deref(),
        )
    }

    pub(super) fn session(&self, principal: &Principal) -> Result<Reply> {
        Reply::json(
            200,
            &Session {
                workspace: principal.workspace.clone(),
            },
        )
    }

    pub(super) async fn create_token(
        &self,
        principal: &Principal,
        wanted: CreateToken,
        id: &TokenId,
    ) -> Result<Reply> {
        let secret = ApiToken::fresh(&principal.workspace, &random::bytes()?);
        let token = Token {
            id: id.clone(),
            name: wanted.name,
            created_at: clock::now(),
        };
        let call = WorkspaceCall::CreateToken {
            id: token.id.clone(),
            name: token.name.clone(),
            hash: secret.hash(),
            created_at: token.created_at,
        };
        let made: bool = objects::workspace(self.env, &principal.workspace)?
            .ask(None, call)
            .await?;
        if !made {
            return Ok(secret_was_shown(&token.id));
        }
        Reply::json(
            201,
            &TokenCreated {
                token,
                secret: secret.reveal().to_owned(),
            },
        )
    }

    pub(super) async fn list_tokens(&self, principal: &Principal) -> Result<Reply> {
        let page = Page::parse(&self.query)?;
        let call = WorkspaceCall::Tokens {
            before: page.after("tokens")?,
            limit: page.limit + 1,
        };
        let rows: Vec<TokenRow> = objects::workspace(self.env, &principal.workspace)?
            .ask(None, call)
            .await?;
        let (rows, next_cursor) =
            page::cut(rows, page.limit, |row| page::cursor("tokens", &row.seq));
        let tokens = rows
            .into_iter()
            .map(|row| Token {
                id: row.id,
                name: row.name,
                created_at: row.created_at,
            })
            .collect();
        Reply::json(
            200,
            &TokenPage {
                tokens,
                next_cursor,
            },
        )
    }

    pub(super) async fn delete_token(&self, principal: &Principal, id: TokenId) -> Result<Reply> {
        objects::workspace(self.env, &principal.workspace)?
            .ask::<()>(None, WorkspaceCall::DeleteToken { id })
            .await?;
        Ok(Reply::empty())
    }
}
