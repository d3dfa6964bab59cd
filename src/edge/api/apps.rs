//! Apps: create, list, talk, watch, versions, builds.

use std::cell::RefCell;

use serde_json::{Map, Value};
use worker::{Response, ResponseBody};

use super::{Begin, Call, Principal, Reply, Run};
use crate::{
    digest::Digest,
    edge::{
        blobs::Blobs,
        clock,
        objects::{
            self, AppRow, ConversationCall, MessageRow, Object, VersionFiles, WorkspaceCall,
        },
        pace, settings,
    },
    error::{Error, Kind, Result},
    generation::{AppSummary, AppUsage, Build, Created, Said, Version},
    http::{
        AppCall,
        body::{
            AddDomain, CreateApp, Decide, DefineTables, Deploy, EditFiles, HandedOn,
            MAX_JSON_BYTES, PostMessage, RollBack, StartBuild, UpdateApp,
        },
        convert,
        idempotency::Nonce,
        page::{self, Page},
        resource, sse,
    },
    ids::{AppId, BuildId, DeploymentId, TurnId},
    llm::message::{Image, ImageFormat},
    publish::domain::DomainName,
    sorted::SortedSet,
};

thread_local! {
    /// Apps that were accepted in this isolate, and not opened at once. Their readers come all together.
    static UNOPENED: RefCell<SortedSet<AppId>> = const { RefCell::new(SortedSet::new()) };
}

/// How many of them are known; with one more the rest is forgotten.
const MOST_UNOPENED: usize = 1_000;

/// An app's name until a model finds a better one.
const UNNAMED: &str = "Untitled app";

impl Call<'_> {
    pub(super) async fn create_app(
        &self,
        principal: &Principal,
        wanted: CreateApp,
        nonce: Nonce,
    ) -> Result<Reply> {
        let model = self.choose_model(wanted.model)?;
        let app = AppId::from_seed(&nonce.0);
        let turn = TurnId::from_seed(&nonce.0);
        let created = Box::new(Created {
            app: app.clone(),
            workspace: principal.workspace.clone(),
            name: wanted.name.unwrap_or_else(|| UNNAMED.to_owned()),
            model,
            preview_url: self.hosts.preview_url(&app),
            turn: turn.clone(),
            said: Said {
                content: wanted.prompt,
                ..Said::default()
            },
            at: clock::now(),
        });
        let summary: AppSummary = objects::workspace(self.env, &principal.workspace)?
            .ask(None, WorkspaceCall::AcceptApp { created })
            .await?;
        // The workspace sees to it that the conversation is opened. Where nobody else waits, it is opened before the answer, so that
        // whoever goes to the preview right away finds it.
        if let Some(_working) = pace::at_once(self.number) {
            let workspace = principal.workspace.clone();
            let _opened: Result<bool> = objects::conversation(self.env, &app)?
                .ask(None, ConversationCall::Open { workspace })
                .await;
        } else {
            UNOPENED.with_borrow_mut(|unopened| {
                if unopened.len() >= MOST_UNOPENED {
                    unopened.clear();
                }
                unopened.insert(app.clone());
            });
        }
        let created = resource::AppCreated {
            app: summary.into(),
            turn: resource::TurnRef { id: turn },
        };
        Reply::json(201, &created)
    }

    fn choose_model(&self, wanted: Option<String>) -> Result<String> {
        let mut models = settings::models(self.env)?;
        match wanted {
            Some(wanted) if models.contains(&wanted) => Ok(wanted),
            Some(wanted) => Err(Error::new(
                Kind::Unprocessable,
                format!(
                    "The model `{wanted}` is not configured here. There is: {}.",
                    models.join(", ")
                ),
            )),
            None if models.is_empty() => Err(Error::internal("MODEL is empty")),
            None => Ok(models.swap_remove(0)),
        }
    }

    pub(super) async fn list_apps(&self, principal: &Principal) -> Result<Reply> {
        let page = Page::parse(&self.query)?;
        let call = WorkspaceCall::Apps {
            before: page.after("apps")?,
            limit: page.limit + 1,
        };
        let rows: Vec<AppRow> = objects::workspace(self.env, &principal.workspace)?
            .ask(None, call)
            .await?;
        let (rows, next_cursor) = page::cut(rows, page.limit, |row| page::cursor("apps", &row.seq));
        let apps = rows.into_iter().map(|row| row.summary.into()).collect();
        Reply::json(200, &resource::AppPage { apps, next_cursor })
    }

    pub(super) async fn usage(&self, principal: &Principal) -> Result<Reply> {
        let call = WorkspaceCall::Usage { at: clock::now() };
        let usage: objects::WorkspaceUsage = objects::workspace(self.env, &principal.workspace)?
            .ask(None, call)
            .await?;
        let (billed, unbilled) = convert::both(&usage.spent);
        Reply::json(
            200,
            &resource::WorkspaceUsage {
                billed,
                unbilled,
                total: usage.total.into(),
                today: usage.today.into(),
            },
        )
    }

    pub(super) async fn answer_app(
        mut self,
        principal: &Principal,
        app: &AppId,
        call: AppCall,
    ) -> Result<Response> {
        let conversation = objects::conversation(self.env, app)?;
        let asked = Asked {
            conversation: &conversation,
            principal,
        };
        let reply = match call {
            AppCall::Show => {
                let summary: AppSummary = asked.ask(ConversationCall::Show).await?;
                Reply::json(
                    200,
                    &resource::AppShown {
                        app: summary.into(),
                    },
                )?
            }
            AppCall::Update => {
                let bytes = self.body(MAX_JSON_BYTES).await?;
                let UpdateApp { name, model } = self.parse(&bytes)?;
                let model = match model {
                    Some(model) => Some(self.choose_model(Some(model))?),
                    None => None,
                };
                let call = ConversationCall::Update { name, model };
                let summary: AppSummary = asked.ask(call).await?;
                Reply::json(
                    200,
                    &resource::AppShown {
                        app: summary.into(),
                    },
                )?
            }
            AppCall::Delete => {
                asked.ask::<()>(ConversationCall::Delete).await?;
                objects::workspace(self.env, &principal.workspace)?
                    .ask::<()>(None, WorkspaceCall::RemoveApp { app: app.clone() })
                    .await?;
                Reply::empty()
            }
            AppCall::Feed => return self.open_feed(principal, app, &asked).await,
            AppCall::ListMessages => self.list_messages(&asked).await?,
            AppCall::ListVersions => self.list_versions(&asked).await?,
            AppCall::ShowVersion { version } => show_version(&asked, version).await?,
            AppCall::ShowBuild { build } => show_build(&asked, build).await?,
            AppCall::BuildScreenshot { build } => {
                return self.read_screenshot(app, &asked, build).await;
            }
            AppCall::BuildLog { build } => {
                let lines: Vec<String> = asked.ask(ConversationCall::BuildLog { build }).await?;
                Reply::text(200, lines.iter().map(|line| format!("{line}\n")).collect())
            }
            AppCall::Usage => {
                let usage: AppUsage = asked.ask(ConversationCall::Usage).await?;
                Reply::json(200, &resource::AppUsage::from(usage))?
            }
            AppCall::Metrics => self.app_metrics(principal, app, &asked).await?,
            AppCall::ShowAlerts => self.show_alerts(&asked).await?,
            AppCall::SetAlerts => self.set_alerts(app, &asked).await?,
            AppCall::PostMessage
            | AppCall::CancelTurn { .. }
            | AppCall::EditFiles
            | AppCall::DefineTables
            | AppCall::InviteMember
            | AppCall::RestoreVersion { .. }
            | AppCall::AddDomain
            | AppCall::CheckDomain { .. }
            | AppCall::Deploy
            | AppCall::RollBack { .. }
            | AppCall::Decide
            | AppCall::StartBuild => self.post(principal, app, &asked, call).await?,
            AppCall::ListDeployments => self.list_deployments(&asked).await?,
            AppCall::ShowDeployment { deployment } => {
                self.show_deployment(&asked, deployment).await?
            }
            AppCall::ListApprovals => self.list_approvals(&asked).await?,
            AppCall::SetApprovals => self.set_approvals(&asked, principal).await?,
            AppCall::ListDomains => self.list_domains(app, &asked).await?,
            AppCall::RemoveDomain { domain } => self.remove_domain(&asked, domain).await?,
            AppCall::ListVariables => self.list_variables(&asked).await?,
            AppCall::SetVariable { environment, name } => {
                let bytes = self.body(MAX_JSON_BYTES).await?;
                let wanted = self.parse(&bytes)?;
                self.set_variable(app, &asked, principal, environment, name, wanted)
                    .await?
            }
            AppCall::DeleteVariable { environment, name } => {
                self.delete_variable(&asked, principal, environment, name)
                    .await?
            }
            AppCall::Search => self.search_files(app, &asked).await?,
            AppCall::DiffVersions { version } => self.diff_versions(app, &asked, version).await?,
            AppCall::ListFiles => self.list_files(&asked).await?,
            AppCall::ReadFile { path } => return self.read_file(app, &asked, path).await,
            AppCall::WriteFile { path } => self.write_file(app, &asked, path).await?,
            AppCall::DeleteFile { path } => self.delete_file(&asked, path).await?,
            AppCall::ListTables => self.list_tables(app, &asked).await?,
            AppCall::DropTable { table } => self.drop_table(app, &asked, &table).await?,
            AppCall::ListMembers => self.list_members(app, &asked).await?,
            AppCall::UpdateMember { user } => self.update_member(app, &asked, &user).await?,
            AppCall::RemoveMember { user } => self.remove_member(app, &asked, &user).await?,
            AppCall::ShowSignUp => self.show_sign_up(app, &asked).await?,
            AppCall::SetSignUp => self.set_sign_up(app, &asked).await?,
            AppCall::ListRows { table } => self.list_rows(app, &asked, &table).await?,
            AppCall::ExportTables => return self.export(app, &asked, None).await,
            AppCall::ExportRows { table } => return self.export(app, &asked, Some(table)).await,
            AppCall::ImportRows { table } => {
                self.import_rows(principal, app, &asked, &table).await?
            }
        };
        reply.into_response().map_err(Error::internal)
    }

    /// A body that the shard judges.
    pub(super) async fn handed_on(&mut self) -> Result<Map<String, Value>> {
        let bytes = self.body(MAX_JSON_BYTES).await?;
        Ok(self.parse::<HandedOn>(&bytes)?.0)
    }

    /// A `POST` to an app: done once for an `Idempotency-Key`.
    async fn post(
        &mut self,
        principal: &Principal,
        app: &AppId,
        asked: &Asked<'_>,
        call: AppCall,
    ) -> Result<Reply> {
        let bytes = self.body(MAX_JSON_BYTES).await?;
        let wanted = match call {
            AppCall::PostMessage => Wanted::Message(self.parse(&bytes)?),
            AppCall::StartBuild => Wanted::Build(self.parse(&bytes)?),
            AppCall::AddDomain => Wanted::Domain(self.parse(&bytes)?),
            AppCall::CheckDomain { domain } if bytes.is_empty() || bytes == b"{}" => {
                Wanted::CheckDomain(domain)
            }
            AppCall::CheckDomain { .. } => {
                return Err(Error::new(
                    Kind::Invalid,
                    "A look at a domain takes no body: the domain is in the path.",
                ));
            }
            AppCall::Deploy => Wanted::Deploy(self.parse(&bytes)?),
            AppCall::RollBack { deployment } if bytes.is_empty() => {
                Wanted::RollBack(deployment, RollBack { note: None })
            }
            AppCall::RollBack { deployment } => Wanted::RollBack(deployment, self.parse(&bytes)?),
            AppCall::Decide => Wanted::Decide(self.parse(&bytes)?),
            AppCall::EditFiles => Wanted::Edits(self.parse(&bytes)?),
            AppCall::DefineTables => Wanted::Tables(self.parse(&bytes)?),
            AppCall::InviteMember => Wanted::Member(self.parse::<HandedOn>(&bytes)?.0),
            AppCall::RestoreVersion { version } if bytes.is_empty() || bytes == b"{}" => {
                Wanted::Restore(version)
            }
            AppCall::CancelTurn { turn } if bytes.is_empty() || bytes == b"{}" => {
                Wanted::Cancel(turn)
            }
            AppCall::CancelTurn { .. } => {
                return Err(Error::new(
                    Kind::Invalid,
                    "A cancellation takes no body: the turn is in the path.",
                ));
            }
            AppCall::RestoreVersion { .. } => {
                return Err(Error::new(
                    Kind::Invalid,
                    "A restore takes no body: the version is in the path.",
                ));
            }
            _ => return Err(Error::internal("not a POST")),
        };
        match self.begin(principal, &bytes).await? {
            Run::Replay(reply) => Ok(reply),
            Run::Fresh(begun) => {
                let reply = wanted.fulfil(self, app, asked, &begun).await?;
                self.end(principal, begun, reply).await
            }
        }
    }

    async fn open_feed(
        &self,
        principal: &Principal,
        app: &AppId,
        asked: &Asked<'_>,
    ) -> Result<Response> {
        let after = sse::resume_after(self.header("last-event-id")?.as_deref(), &self.query)?;
        if UNOPENED.with_borrow_mut(|unopened| unopened.remove(app)) {
            // Making an object takes the thread: those of many readers are made one after the other, between what others ask for.
            let _working = pace::turn().await;
            let workspace = principal.workspace.clone();
            let _opened: Result<bool> = asked
                .conversation
                .ask(None, ConversationCall::Open { workspace })
                .await;
        }
        // Why an app cannot be shown, this says; the feed knows only that there is none.
        asked.ask::<AppSummary>(ConversationCall::Show).await?;
        let upgrade = self.header("upgrade")?;
        if upgrade.is_some_and(|to| to.eq_ignore_ascii_case("websocket")) {
            return asked
                .conversation
                .feed_socket(&principal.workspace, after)
                .await;
        }
        if self.method == "HEAD" {
            return Reply::events(ResponseBody::Empty).map_err(Error::internal);
        }
        let events = asked.conversation.feed(&principal.workspace, after).await?;
        Reply::events(events).map_err(Error::internal)
    }

    async fn list_messages(&self, asked: &Asked<'_>) -> Result<Reply> {
        let page = Page::parse(&self.query)?;
        let after = page.after::<u64>("messages")?.unwrap_or(0);
        let rows: Vec<MessageRow> = asked
            .ask(ConversationCall::Messages {
                after,
                limit: page.limit + 1,
            })
            .await?;
        let (rows, next_cursor) =
            page::cut(rows, page.limit, |row| page::cursor("messages", &row.seq));
        let messages = rows
            .into_iter()
            .map(|row| resource::Message {
                seq: row.seq,
                turn: row.turn,
                role: row.role.into(),
                content: row.content,
                attachments: row.attachments.iter().map(|image| image.hash).collect(),
                created_at: row.created_at,
            })
            .collect();
        Reply::json(
            200,
            &resource::MessagePage {
                messages,
                next_cursor,
            },
        )
    }

    async fn list_versions(&self, asked: &Asked<'_>) -> Result<Reply> {
        let page = Page::parse(&self.query)?;
        let call = ConversationCall::Versions {
            before: page.after("versions")?,
            limit: page.limit + 1,
        };
        let versions: Vec<Version> = asked.ask(call).await?;
        let (versions, next_cursor) = page::cut(versions, page.limit, |version| {
            page::cursor("versions", &version.number)
        });
        let versions = versions.into_iter().map(Into::into).collect();
        Reply::json(
            200,
            &resource::VersionPage {
                versions,
                next_cursor,
            },
        )
    }
}

/// A conversation, asked in somebody's name.
pub(super) struct Asked<'a> {
    conversation: &'a Object,
    principal: &'a Principal,
}

impl Asked<'_> {
    pub(super) fn ask<T: serde::de::DeserializeOwned>(
        &self,
        call: ConversationCall,
    ) -> impl Future<Output = Result<T>> {
        self.conversation.ask(Some(&self.principal.workspace), call)
    }
}

/// What a `POST` to an app wants.
enum Wanted {
    Message(PostMessage),
    Restore(u32),
    Build(StartBuild),
    Domain(AddDomain),
    CheckDomain(DomainName),
    Deploy(Deploy),
    RollBack(DeploymentId, RollBack),
    Decide(Decide),
    Edits(EditFiles),
    Tables(DefineTables),
    Member(Map<String, Value>),
    Cancel(TurnId),
}

impl Wanted {
    async fn fulfil(
        self,
        call: &Call<'_>,
        app: &AppId,
        asked: &Asked<'_>,
        begun: &Begin,
    ) -> Result<Reply> {
        match self {
            Self::Edits(wanted) => call.edit_files(app, asked, wanted, begun).await,
            Self::Member(wanted) => call.invite_member(app, asked, wanted).await,
            Self::Tables(wanted) => call.define_tables(app, asked, &wanted).await,
            Self::Message(PostMessage {
                mode,
                content,
                attachments,
            }) => {
                let turn = TurnId::from_seed(&begun.nonce.0);
                let said = Said {
                    content,
                    intent: mode.into(),
                    attachments: images(call, app, attachments).await?,
                };
                asked
                    .ask::<()>(ConversationCall::Post {
                        turn: turn.clone(),
                        said,
                    })
                    .await?;
                let turn = resource::TurnRef { id: turn };
                Reply::json(202, &resource::TurnAccepted { turn })
            }
            Self::Cancel(turn) => {
                let call = ConversationCall::Cancel { turn: turn.clone() };
                asked.ask::<()>(call).await?;
                let turn = resource::TurnRef { id: turn };
                Reply::json(202, &resource::TurnAccepted { turn })
            }
            Self::Restore(number) => {
                let version: Option<Version> = asked
                    .ask(ConversationCall::Restore {
                        number,
                        nonce: begun.nonce,
                    })
                    .await?;
                let version =
                    version.ok_or_else(|| Error::internal("a restore without a version"))?;
                Reply::json(
                    201,
                    &resource::VersionCreated {
                        version: version.into(),
                    },
                )
            }
            Self::Domain(wanted) => {
                call.add_domain(app, asked, asked.principal, wanted, begun.nonce)
                    .await
            }
            Self::CheckDomain(host) => call.check_domain(app, asked, host).await,
            Self::Deploy(wanted) => {
                call.deploy(app, asked, asked.principal, wanted, begun.nonce)
                    .await
            }
            Self::RollBack(to, wanted) => {
                call.roll_back(asked, asked.principal, to, wanted, begun.nonce)
                    .await
            }
            Self::Decide(wanted) => {
                call.decide(asked, asked.principal, wanted, begun.nonce)
                    .await
            }
            Self::Build(StartBuild { mode }) => {
                let build: Build = asked
                    .ask(ConversationCall::StartBuild {
                        mode,
                        nonce: begun.nonce,
                    })
                    .await?;
                Reply::json(
                    202,
                    &resource::BuildShown {
                        build: build.into(),
                    },
                )
            }
        }
    }
}

/// The images of these hashes, which have to be there.
async fn images(call: &Call<'_>, app: &AppId, hashes: Vec<Digest>) -> Result<Vec<Image>> {
    let sources = Blobs::sources(call.env, app)?;
    let mut images = Vec::new();
    for hash in hashes {
        let refuse = |why: &str| {
            Error::new(
                Kind::Unprocessable,
                format!(
                    "The attachment `{hash}` {why}. Write the image to the app as a file first, and send that file's hash."
                ),
            )
        };
        if !sources.has_all([hash]).await? {
            return Err(refuse("is not the hash of a file of this app"));
        }
        let content = sources.get(&hash).await?;
        let format = ImageFormat::of(&content)
            .ok_or_else(|| refuse("is no image in PNG, JPEG, GIF or WebP"))?;
        images.push(Image { hash, format });
    }
    Ok(images)
}

async fn show_version(asked: &Asked<'_>, number: u32) -> Result<Reply> {
    let VersionFiles { version, manifest } =
        asked.ask(ConversationCall::Version { number }).await?;
    let files = manifest
        .iter()
        .map(|(path, entry)| resource::FileInfo::of(path, entry))
        .collect();
    Reply::json(
        200,
        &resource::VersionShown {
            version: version.into(),
            files,
        },
    )
}

async fn show_build(asked: &Asked<'_>, build: BuildId) -> Result<Reply> {
    let build: Build = asked.ask(ConversationCall::Build { build }).await?;
    Reply::json(
        200,
        &resource::BuildShown {
            build: build.into(),
        },
    )
}
