//! Ends a member's letters on the birthday, and no others, by a link that needs no sign-in.

use utoipa_axum::router::OpenApiRouter;

use crate::accounts;
use crate::alerts::unsubscribe::Letters;
use crate::platform::App;

/// What the links end.
pub(super) static LETTERS: Letters = Letters {
    seal: "unsubscribe from birthdays",
    path: "/birthdays/unsubscribe",
    called: "letters on the birthday",
    also: "",
    others: "All other letters still come.",
    instead: "Your birthday itself stays as it is.",
    choice: ("/account#birthday", "Account"),
    ended: |_, member| Ok(!member.birthday_letter),
    end: |app, member| Box::pin(async move { accounts::stop_greeting(&app, member).await }),
};

pub(super) fn router() -> OpenApiRouter<App> {
    LETTERS.router()
}
