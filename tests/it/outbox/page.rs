//! The outbox as officers read it.

use super::*;

async fn page(app: &App, path: &str) -> (u16, axum::http::HeaderMap, String) {
    use tower::util::ServiceExt as _;
    let request = axum::http::Request::builder()
        .uri(path)
        .header("accept", "text/html")
        .body(axum::body::Body::empty())
        .unwrap();
    let answer = grb_app::serve::routes(app.clone())
        .oneshot(request)
        .await
        .unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20)
        .await
        .unwrap();
    (status, headers, String::from_utf8_lossy(&body).into_owned())
}

/// In a demonstration letters are read there; elsewhere a stranger sees none.
#[tokio::test]
async fn the_outbox_is_read_in_a_demonstration_and_by_officers_only() {
    let desk = Desk::start(&[]);
    desk.post("<b>ada</b>", |parcel| parcel.secret = true).await;
    let mut app = desk.app.clone();
    app.outbox.know(composers());
    for path in [
        "/outbox",
        "/outbox/1",
        "/outbox/1/letter.html",
        "/api/admin/status",
    ] {
        assert_eq!(page(&app, path).await.0, 401, "{path}");
    }
    let mut config = (*app.config).clone();
    config.demo = Some("A demonstration.".into());
    app.config = Arc::new(config);
    let (status, _, list) = page(&app, "/outbox").await;
    assert_eq!(status, 200);
    assert!(
        list.contains("/outbox/1") && list.contains("One letter waits") && !list.contains("<b>ada"),
        "{list}"
    );
    let (status, headers, letter) = page(&app, "/outbox/1").await;
    assert_eq!(status, 200);
    assert!(letter.contains("letter.html"), "{letter}");
    assert!(
        headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("frame-src 'self'")
    );
    let (status, headers, html) = page(&app, "/outbox/1/letter.html").await;
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("sandbox")
            && policy.contains("default-src 'none'")
            && !policy.contains("script")
    );
    assert_eq!((status, html.contains("<p>")), (200, true));
    assert_eq!(page(&app, "/outbox/99").await.0, 404);
    assert_eq!(page(&app, "/outbox?state=failed").await.0, 200);
    desk.close().await;
}
