//! Ends a member's letters about observations, and no others, by a link that needs no sign-in.

use utoipa_axum::router::OpenApiRouter;

use super::store::{self, Observer};
use crate::alerts::unsubscribe::Letters;
use crate::platform::{App, Result, Tx};

/// What the links end.
pub(super) static LETTERS: Letters = Letters {
    seal: "unsubscribe from observations",
    path: "/observations/unsubscribe",
    called: "letters about observations of others",
    also: "",
    others: "Letters about bursts still come.",
    instead: "Perhaps it is one burst only: on its page is a button to stop following it.",
    choice: ("/observations/settings", "Observing"),
    ended: |conn, member| Ok(!store::observer(conn, member.id)?.told),
    end: |app, member| Box::pin(async move { app.db.write(move |tx| end(tx, member)).await }),
};

pub(super) fn router() -> OpenApiRouter<App> {
    LETTERS.router()
}

fn end(tx: &Tx, member: i64) -> Result<()> {
    let chosen = store::observer(tx, member)?;
    let chosen = Observer {
        told: false,
        ..chosen
    };
    store::save(tx, member, &chosen)
}
