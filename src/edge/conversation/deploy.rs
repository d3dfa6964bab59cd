//! Puts what was built at the address of an environment: here through the loader, or as a Worker of its own on an account.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use worker::{Delay, Method};

use super::Conversation;
use crate::{
    cloudflare::{
        AssetFile, Binding, Place, Upload, assets, dispatch,
        site::{self, Site},
    },
    digest::Digest,
    edge::{
        blobs::Blobs,
        cipher, clock,
        cloudflare::{Target, failed},
        loader::{self, Named, StoredModule, StoredSet},
        preview, settings,
    },
    error::{Error, Kind, Result},
    generation::{Conversation as Machine, Input, Probe},
    ids::{AppId, DeploymentId},
    publish::{ArtifactSet, Deployment, Environment, Module, ModuleKind, Origin, Runtime, own},
};

/// Where an app's Worker finds its files.
enum Files {
    /// In the bucket.
    Bucket,
    /// Among the static assets of its version, which an upload has this token for.
    Assets(String),
    /// It has none but those in its script.
    None,
}

fn artifacts(sets: &[StoredSet]) -> Vec<&ArtifactSet> {
    sets.iter().map(|set| &set.artifacts).collect()
}

impl Conversation {
    /// Brings a deployment so far that its address can be switched; on an account, it is then switched.
    pub(super) async fn deploy(&self, machine: &Machine, id: &DeploymentId) -> Result<Input> {
        let input = |probe, remote| Input::Deployed {
            deployment: id.clone(),
            probe,
            remote,
        };
        let Some((deployment, set)) = machine
            .deploying(id)
            .and_then(|deployment| Some((deployment, deployment.digest?)))
        else {
            let nothing = vec!["There is nothing to deploy.".to_owned()];
            return Ok(input(Probe::Failed(nothing), None));
        };
        let environment = deployment.environment;
        let told = self.told(
            machine,
            environment,
            deployment.version,
            set,
            deployment.url.clone(),
        )?;
        let Some(target) = settings::cloudflare(&self.env)? else {
            let (probe, _) = self.look(&told).await?;
            return Ok(input(probe, None));
        };
        let deployed = self.deploy_to(&target, machine, deployment, &told);
        match deployed.await {
            Ok((probe, remote)) => Ok(input(probe, remote)),
            // What the account refuses it refuses again.
            Err(error) if error.kind == Kind::Unprocessable => {
                Ok(input(Probe::Failed(vec![error.public]), None))
            }
            Err(error) => Err(error),
        }
    }

    /// What an environment is told.
    pub(super) fn told(
        &self,
        machine: &Machine,
        environment: Environment,
        version: u32,
        set: Digest,
        origin: String,
    ) -> Result<Runtime> {
        Ok(Runtime {
            app_id: machine.app.clone(),
            environment,
            version,
            set,
            console_origin: Some(settings::hosts(&self.env)?.console_origin().to_owned()),
            origin,
            told: machine.served(environment).told,
        })
    }

    /// Looks at an artifact set through the loader; how long its script took for the first answer as well, in milliseconds.
    pub(super) async fn look(&self, told: &Runtime) -> Result<(Probe, u64)> {
        let named = Named::new(told.clone());
        let worker = loader::app_worker(&self.env, self.state.as_raw(), &named)?;
        preview::probe_in_time(&preview::Place::Loaded(&worker.fetcher())).await
    }

    /// Files, then a version that nobody reaches, then a look at it, then the switch, then a look at the address. Where anything fails from the switch on, the version of
    /// the deployment that is live is put back, or where there is none, nothing leads to the Worker.
    async fn deploy_to(
        &self,
        target: &Target,
        machine: &Machine,
        deployment: &Deployment,
        told: &Runtime,
    ) -> Result<(Probe, Option<String>)> {
        let environment = deployment.environment;
        let site = |domains| target.site(&machine.app, environment, &deployment.url, domains);
        let stored = loader::stored_set(&self.env, &machine.app, &told.set).await?;
        let live = machine.live_deployment(environment);
        let live = live.and_then(|live| live.digest);
        let mut earlier = Vec::new();
        for set in live.iter().chain(machine.served(environment).earlier) {
            earlier.push(loader::stored_set(&self.env, &machine.app, set).await?);
        }
        let tag = deployment.id.as_str();
        let dispatched = target.dispatched(&machine.app, environment);
        let worker = match &dispatched {
            Some(dispatched) => dispatched.name(tag),
            None => site(Vec::new()).worker,
        };
        let files = match target.files {
            own::Storage::R2 => {
                self.put_files(target, &machine.app, &stored).await?;
                Files::Bucket
            }
            own::Storage::Assets => {
                self.send_files(target, &worker, &machine.app, &stored, &earlier)
                    .await?
            }
        };
        let upload = self
            .upload(target, &stored, &earlier, told, tag, files)
            .await?;
        let live = machine.live_deployment(environment);
        let before = live.and_then(|live| live.remote.as_deref());
        let is_dispatched = |name: &&str| name.starts_with(dispatch::PREFIX);
        if let Some(dispatched) = &dispatched {
            dispatched
                .stage(target, &worker, upload)
                .await
                .map_err(failed)?;
            let probe = self.look_at_dispatched(&worker).await?;
            let is_good = matches!(probe, Probe::Passed);
            // What answers now goes on until this is recorded; of those before nobody is asked any more.
            let kept: Vec<&str> = before
                .into_iter()
                .chain(is_good.then_some(worker.as_str()))
                .collect();
            dispatched.keep(target, &kept).await.map_err(failed)?;
            if is_good && before.is_some_and(|before| !is_dispatched(&before)) {
                // The routes of a Worker of the account's own would come first. No domain is without one meanwhile.
                if environment == Environment::Production {
                    for domain in self.active_domains()? {
                        let led = site::lead_host(target, &target.zone, &domain, &target.platform);
                        led.await.map_err(failed)?;
                    }
                }
                site(Vec::new()).leave(target).await.map_err(failed)?;
            }
            return Ok((probe, is_good.then_some(worker)));
        }
        let staged = site(Vec::new())
            .stage(target, upload, tag)
            .await
            .map_err(failed)?;
        let place = preview::Place::Host(target, &staged.host);
        is_up(target, &staged.host).await?;
        if let Probe::Failed(reasons) = preview::probe(&place).await? {
            return Ok((Probe::Failed(reasons), None));
        }
        let why = match &deployment.origin {
            Origin::Deploy => format!("{tag}: version {}", deployment.version),
            Origin::Rollback { to } | Origin::AutomaticRollback { to, .. } => {
                format!("{tag}: back to {to}")
            }
        };
        let version = &staged.version;
        let domains = match environment {
            Environment::Production => self.active_domains()?,
            _ => Vec::new(),
        };
        let site = site(domains);
        let seen = switched(target, &site, version, &why, told).await;
        if !matches!(seen, Ok(Probe::Passed)) {
            let why = format!("{tag} does not work at its address");
            let before = before.filter(|name| !is_dispatched(name));
            site.put_back(target, before, &why).await.map_err(failed)?;
        }
        Ok((seen?, Some(staged.version)))
    }

    async fn look_at_dispatched(&self, name: &str) -> Result<Probe> {
        let worker = loader::dispatched(&self.env, name)?.ok_or_else(|| {
            let message = "This installation is told of a dispatch namespace (CLOUDFLARE_NAMESPACE) and has no binding DISPATCHER to it.";
            Error::new(Kind::Unprocessable, message)
        })?;
        preview::probe(&preview::Place::Loaded(&worker.into())).await
    }

    /// Puts the files of a set into the bucket, each once.
    async fn put_files(&self, target: &Target, app: &AppId, stored: &StoredSet) -> Result<()> {
        let files = Blobs::assets_or_kept(&self.env, app, stored.kept.as_ref())?;
        for (path, artifact) in own::files(&stored.artifacts) {
            let key = own::key(app, &artifact.hash);
            if self.store.is_uploaded(&key)? {
                continue;
            }
            let content = files.get(&artifact.hash).await?;
            let kind = crate::build::media_type(path.as_str());
            let request = target
                .account
                .put_object(&target.bucket, &key, kind, content);
            site::tell(target, &request).await.map_err(failed)?;
            self.store.uploaded(&key).map_err(Error::internal)?;
        }
        Ok(())
    }

    /// Sends the files of a set, and those of earlier ones that pages may still ask for, where the account lacks them.
    async fn send_files(
        &self,
        target: &Target,
        worker: &str,
        app: &AppId,
        stored: &StoredSet,
        earlier: &[StoredSet],
    ) -> Result<Files> {
        let held = own::held(&stored.artifacts, &artifacts(earlier));
        if held.is_empty() {
            return Ok(Files::None);
        }
        let named = held.values();
        assets::check(named.map(|one| (one.path.as_str(), one.artifact.size)))?;
        let named = |one: &own::Held<'_>| AssetFile {
            hash: assets::known_as(&one.artifact.hash),
            size: one.artifact.size,
        };
        let files = held.iter().map(|(at, one)| (at.clone(), named(one)));
        let files = files.collect();
        let read = async |at: &str| {
            let one = held
                .get(at)
                .ok_or_else(|| Error::internal(format!("{at} was not named")))?;
            let mut sets = [stored].into_iter().chain(earlier);
            let kept = sets.nth(one.set).and_then(|set| set.kept.as_ref());
            let from = Blobs::assets_or_kept(&self.env, app, kept)?;
            let content = from.get(&one.artifact.hash).await?;
            let kind = crate::build::media_type(one.path.as_str());
            Ok::<_, Error>((kind, STANDARD.encode(content)))
        };
        let place = match target.namespace.as_str() {
            "" => Place::Own,
            namespace => Place::Namespace(namespace),
        };
        assets::send(target, &target.account, (place, worker), &files, read)
            .await
            .map(Files::Assets)
    }

    async fn upload(
        &self,
        target: &Target,
        stored: &StoredSet,
        earlier: &[StoredSet],
        told: &Runtime,
        tag: &str,
        files: Files,
    ) -> Result<Upload> {
        let sets = Blobs::sets(&self.env, &told.app_id)?;
        let mut modules = own::modules(&stored.artifacts, &artifacts(earlier));
        for (name, module) in &stored.modules {
            let (kind, bytes) = match module {
                StoredModule::Js(text) => (ModuleKind::EsModule, text.clone().into_bytes()),
                StoredModule::Text(text) => (ModuleKind::Text, text.clone().into_bytes()),
                StoredModule::Data(hash) => (ModuleKind::Data, sets.get(hash).await?),
            };
            let name = name.clone().into();
            modules.push(Module { name, kind, bytes });
        }
        let texts = own::texts(told).into_iter();
        let mut bindings: Vec<_> = texts
            .map(|(name, text)| (name, Binding::Text(text)))
            .collect();
        if stored.has_functions() {
            let (secrets, closed) = loader::opened(&self.env, told).await;
            if let Some(error) = closed {
                return Err(error);
            }
            let secrets = secrets.into_iter();
            bindings.extend(secrets.map(|(name, text)| (name, Binding::Secret(text))));
        }
        // A secret that was deleted is not to be kept from the version before.
        let mut more = serde_json::Map::from_iter([("keep_bindings".to_owned(), json!([]))]);
        let mut bind = |name: &str, binding| bindings.push((name.to_owned(), binding));
        match files {
            Files::Bucket => {
                bind("FILES", Binding::R2Bucket(target.bucket.clone()));
                bind("FILES_AT", Binding::Text(own::prefix(&told.app_id)));
            }
            Files::Assets(token) => {
                bind("FILES", Binding::Assets);
                let config = own::asset_config();
                more.insert(
                    "assets".to_owned(),
                    json!({ "jwt": token, "config": config }),
                );
            }
            Files::None => {}
        }
        if !target.platform.is_empty() {
            bind("PLATFORM", Binding::Service(target.platform.clone()));
            let of = own::proof_of(&told.app_id, told.environment);
            // Without a key nothing is proven, and nobody is told. Who dispatches counts by itself.
            if target.namespace.is_empty()
                && let Ok(proof) = cipher::seal(&self.env, &of, tag).await
            {
                let counts = own::counts(clock::now(), &proof);
                bind(own::ANSWERS, Binding::Secret(counts));
            }
        }
        Ok(Upload {
            main: own::MAIN.to_owned(),
            modules,
            bindings,
            compatibility_date: loader::COMPATIBILITY_DATE.to_owned(),
            compatibility_flags: vec![loader::COMPATIBILITY_FLAG.to_owned()],
            more,
        })
    }

    /// Takes away what the app has on the account.
    pub(super) async fn leave_account(&self, machine: &Machine) -> Result<()> {
        let Some(target) = settings::cloudflare(&self.env)? else {
            return Ok(());
        };
        for environment in [Environment::Staging, Environment::Production] {
            let site = target.site(&machine.app, environment, "", Vec::new());
            site.remove(&target).await.map_err(failed)?;
            if let Some(dispatched) = target.dispatched(&machine.app, environment) {
                dispatched.keep(&target, &[]).await.map_err(failed)?;
            }
        }
        // What was put there before the operator chose otherwise is there still.
        let uploaded = match target.bucket.trim() {
            "" => Vec::new(),
            _ => self.store.all_uploaded()?,
        };
        for key in uploaded {
            let request = target.account.delete_object(&target.bucket, &key);
            match site::tell(&target, &request).await {
                Err(error) if !error.is_missing() => return Err(failed(error)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// How often a host is asked whether the switch has come to it, and how long is waited in between, in milliseconds. Cloudflare says seconds.
const MOST_LOOKS: u32 = 10;
const LOOK_MILLIS: u64 = 1_000;

/// What `/_deployment` tells.
#[derive(Deserialize)]
struct Standing {
    version: u32,
    digest: String,
}

/// Switches to a version, and looks at the address, once it is this version that answers there.
async fn switched(
    target: &Target,
    site: &Site,
    version: &str,
    why: &str,
    told: &Runtime,
) -> Result<Probe> {
    site.switch(target, version, why).await.map_err(failed)?;
    is_up(target, &site.host).await?;
    for look in 0..MOST_LOOKS {
        if look > 0 {
            Delay::from(Duration::from_millis(LOOK_MILLIS)).await;
        }
        if is_there(target, &site.host, told).await? {
            return preview::probe(&preview::Place::Host(target, &site.host)).await;
        }
    }
    Err(Error::unavailable(
        format!("An earlier deployment still answers at {}.", site.host),
        format!("version {} has not come to it", told.version),
    ))
}

/// Whether it is this version of the app that answers at a host.
async fn is_there(target: &Target, host: &str, told: &Runtime) -> Result<bool> {
    let mut response = target.visit(host, Method::Get, "/_deployment").await?;
    let text = response.text().await.map_err(Error::internal)?;
    let standing = crate::json::from_str::<Standing>(&text);
    let set = told.set.to_string();
    Ok(standing.is_ok_and(|now| now.version == told.version && now.digest == set))
}

/// Whether the Worker of a host answers. A host name that is new takes a moment; the job is done again then.
async fn is_up(target: &Target, host: &str) -> Result<()> {
    let response = target.visit(host, Method::Get, "/_health").await?;
    match response.status_code() {
        200 => Ok(()),
        status => Err(Error::unavailable(
            format!("The app's Worker does not answer at {host} yet."),
            format!("status {status}"),
        )),
    }
}
