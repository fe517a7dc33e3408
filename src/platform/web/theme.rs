//! Light, dark or red: remembered in a cookie, chosen by a form that needs no script. A night desk is dark until told otherwise.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, routing::post};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;

use crate::platform::App;

const THEMES: [&str; 4] = ["auto", "dark", "light", "red"];

#[derive(Deserialize)]
struct Choice {
    theme: String,
    #[serde(default)]
    back: String,
}

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().route("/theme", post(choose))
}

/// The theme that the request's cookie names.
pub(super) fn of(headers: &HeaderMap) -> &'static str {
    let cookies = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let theme = cookies
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix("theme="));
    THEMES
        .into_iter()
        .find(|known| Some(*known) == theme)
        .unwrap_or("dark")
}

/// POST /theme: keeps the choice for a year and goes back to the page it was made on.
async fn choose(Form(choice): Form<Choice>) -> Response {
    let theme = THEMES
        .into_iter()
        .find(|known| *known == choice.theme)
        .unwrap_or("auto");
    let cookie = format!("theme={theme}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly");
    (
        [(header::SET_COOKIE, cookie)],
        Redirect::to(local(&choice.back)),
    )
        .into_response()
}

/// Only a path of ours: `//host` and `/\host` would lead elsewhere.
pub fn local(path: &str) -> &str {
    let second = path.as_bytes().get(1);
    let ours = path.starts_with('/')
        && !matches!(second, Some(b'/' | b'\\'))
        && !path.contains(char::is_control);
    if ours { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_never_leaves_the_site() {
        assert_eq!(local("/bursts?tier=A"), "/bursts?tier=A");
        for elsewhere in [
            "https://example.org",
            "//example.org",
            "/\\example.org",
            "",
            "/a\r\nb",
        ] {
            assert_eq!(local(elsewhere), "/", "{elsewhere:?}");
        }
    }
}
