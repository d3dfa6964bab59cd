//! What is measured of the workspace's apps: `measured` one row an app, its [`Window`] as JSON, which is bounded by itself.

use serde::{Deserialize, Serialize};

use super::{Workspace, integer, json};
use crate::{
    edge::settings,
    error::{Error, Result},
    generation::AppSummary,
    http::resource,
    ids::AppId,
    monitor::{
        AppMetrics, DAY_MILLIS, Facts, Figures, Fleet, FleetApp, KEPT_DAYS, Kind, MOST_APPS,
        Measurement, Window,
        alert::{Levels, Threshold},
        cost::{Cost, Models, Prices},
        exposition,
    },
    sorted::SortedMap,
    time::Timestamp,
};

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS measured(app TEXT PRIMARY KEY, at INTEGER NOT NULL, window TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS measured_by_age ON measured(at);
";

impl Workspace {
    /// Counts a measurement, and says how the app stands then. Of an app that is not there any more nothing is kept.
    pub(super) fn measure(
        &self,
        app: &AppId,
        measurement: Option<Measurement>,
        facts: Facts,
        at: Timestamp,
    ) -> Result<serde_json::Value> {
        let known = self.rows::<serde_json::Value>(
            "SELECT id FROM apps WHERE id = ?",
            vec![app.as_str().into()],
        )?;
        if known.is_empty() {
            return json(&Levels::default());
        }
        let mut window = self.window(app, at)?;
        window.facts = facts;
        if let Some(measurement) = measurement {
            window.take(measurement, at);
        }
        self.run(
            "INSERT INTO measured(app, at, window) VALUES (?, ?, ?) ON CONFLICT(app) DO UPDATE SET at = excluded.at, window = excluded.window",
            vec![
                app.as_str().into(),
                integer(window.at.0),
                json(&window)?.to_string().into(),
            ],
        )?;
        json(&self.levels(app, &window, at)?)
    }

    fn levels(&self, app: &AppId, window: &Window, at: Timestamp) -> Result<Levels> {
        let cost = self.cost(app, window, at)?;
        let sizes = Kind::BUILDS
            .into_iter()
            .filter_map(|kind| window.newest_sizes(kind));
        let values = [
            (Threshold::BuildP95Ms, Figures::of(window).build_p95_ms()),
            (
                Threshold::ScriptBytes,
                sizes.map(|sizes| sizes.script).max(),
            ),
            (
                Threshold::FailedBuilds,
                Some(window.failures_in_a_row(&Kind::BUILDS)),
            ),
            (
                Threshold::FailedDeployments,
                Some(window.failures_in_a_row(&Kind::DEPLOYMENTS)),
            ),
            (Threshold::MonthCostMicros, Some(cost.month_micros)),
        ];
        Ok(Levels {
            at,
            values: values
                .into_iter()
                .filter_map(|(threshold, value)| Some((threshold, value?)))
                .collect(),
        })
    }

    /// What is measured of an app, as the API tells it.
    pub(super) fn metrics(&self, app: &AppId, at: Timestamp) -> Result<serde_json::Value> {
        let window = self.window(app, at)?;
        let cost = self.cost(app, &window, at)?;
        json(&resource::AppMetrics {
            metrics: AppMetrics::of(app.clone(), &window, cost),
        })
    }

    /// What is measured of all apps: as the API tells it, or as text.
    pub(super) fn fleet(&self, as_text: bool, at: Timestamp) -> Result<serde_json::Value> {
        #[derive(Deserialize)]
        struct Row {
            summary: String,
            window: Option<String>,
        }
        #[derive(Deserialize)]
        struct Count {
            apps: u64,
        }
        let rows = self.rows::<Row>(
            "SELECT apps.summary, measured.window FROM apps LEFT JOIN measured ON measured.app = apps.id ORDER BY measured.at DESC, apps.seq DESC LIMIT ?",
            vec![integer(MOST_APPS as u64)],
        )?;
        let all = self.rows::<Count>("SELECT count(*) AS apps FROM apps", vec![])?;
        let all = all.first().map_or(0, |row| row.apps);
        let left_out = all.saturating_sub(rows.len() as u64);
        let models = self.models(None, at)?;
        let prices = self.prices()?;
        let mut apps = Vec::new();
        for row in rows {
            let AppSummary { id, name, .. } =
                crate::json::from_str(&row.summary).map_err(Error::internal)?;
            let window = parsed(row.window.as_deref(), at)?;
            let spent = models.get(&id).copied().unwrap_or_default();
            apps.push(FleetApp::new(id, name, window, spent, &prices));
        }
        if as_text {
            return json(&exposition::text(&apps, left_out));
        }
        json(&resource::FleetMetrics {
            metrics: Fleet::of(apps, left_out),
        })
    }

    fn window(&self, app: &AppId, at: Timestamp) -> Result<Window> {
        #[derive(Deserialize)]
        struct Row {
            window: String,
        }
        let rows = self.rows::<Row>(
            "SELECT window FROM measured WHERE app = ?",
            vec![app.as_str().into()],
        )?;
        parsed(rows.first().map(|row| row.window.as_str()), at)
    }

    fn cost(&self, app: &AppId, window: &Window, at: Timestamp) -> Result<Cost> {
        let models = self.models(Some(app), at)?;
        let spent = models.get(app).copied().unwrap_or_default();
        Ok(Cost::of(window, spent, &self.prices()?))
    }

    fn prices(&self) -> Result<Prices> {
        Ok(Prices {
            builds_in_containers: matches!(
                settings::builder(&self.env)?,
                settings::Builder::Containers(_)
            ),
        })
    }

    /// What the models of an app have cost in the last days, or those of every app.
    fn models(&self, app: Option<&AppId>, at: Timestamp) -> Result<SortedMap<AppId, Models>> {
        #[derive(Serialize, Deserialize)]
        struct Row {
            app: AppId,
            calls: u64,
            unpriced: u64,
            micros: u64,
        }
        // A row's key begins with its app; `0` is what follows `/`.
        let (from, to) = match app {
            Some(app) => (format!("{app}/"), format!("{app}0")),
            None => (String::new(), "~".to_owned()),
        };
        let rows = self.rows::<Row>(
            "SELECT substr(key, 1, instr(key, '/') - 1) AS app, count(*) AS calls, sum(json_extract(charge, '$.spent.micros') IS NULL) AS unpriced, coalesce(sum(json_extract(charge, '$.spent.micros')), 0) AS micros FROM ledger WHERE key >= ? AND key < ? AND at >= ? AND charge IS NOT NULL GROUP BY 1",
            vec![
                from.into(),
                to.into(),
                integer(at.0.saturating_sub(KEPT_DAYS * DAY_MILLIS)),
            ],
        )?;
        let models = rows.into_iter().map(|row| {
            let Row {
                app,
                calls,
                unpriced,
                micros,
            } = row;
            let models = Models {
                calls,
                unpriced,
                micros,
            };
            (app, models)
        });
        Ok(models.collect())
    }
}

/// A window as it is at this time; an empty one where nothing was measured.
fn parsed(text: Option<&str>, at: Timestamp) -> Result<Window> {
    let window = text.map(crate::json::from_str::<Window>).transpose();
    let mut window = window.map_err(Error::internal)?.unwrap_or_default();
    window.forget(at);
    Ok(window)
}
