//! What surrounds every answer: headers, themes, problems, health.

use crate::common::TestApp;

#[tokio::test]
async fn every_page_comes_with_a_strict_policy_and_nothing_inline() {
    let desk = TestApp::serve().await;
    for path in ["/", "/bursts", "/status", "/api/docs", "/nowhere"] {
        let answer = desk
            .client
            .get(desk.url(path))
            .header("accept", "text/html")
            .send()
            .await
            .unwrap();
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{path}"
        );
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        let page = answer.text().await.unwrap();
        assert!(
            !page.contains("<style") && !page.contains(" style=") && !page.contains(" onclick="),
            "{path}"
        );
        assert!(
            !page.replace("<script src", "").contains("<script"),
            "{path} has an inline script"
        );
    }
}

/// One set of layers for all routes: what holds for a page holds for files, JSON, errors and addresses that are not there.
#[tokio::test]
async fn every_answer_has_the_same_shell() {
    let desk = TestApp::serve().await;
    let ask = |method: &str, path: &str, accept: &str| {
        let method = method.parse().unwrap();
        let request = desk.client.request(method, desk.url(path));
        let request = request.header("accept-encoding", "gzip");
        request.header("accept", accept.to_owned()).send()
    };
    for (method, path, status) in [
        ("GET", "/", 200),
        ("GET", "/api/docs", 200),
        ("GET", "/api/openapi.json", 200),
        ("GET", "/metrics", 200),
        ("GET", "/nowhere", 404),
        ("DELETE", "/bursts", 405),
        ("PUT", "/hello/p3pe", 415),
        ("POST", "/api/notices", 401),
    ] {
        let answer = ask(method, path, "*/*").await.unwrap();
        assert_eq!(answer.status(), status, "{method} {path}");
        for header in [
            "content-security-policy",
            "x-content-type-options",
            "referrer-policy",
            "cross-origin-opener-policy",
            "permissions-policy",
        ] {
            let there = answer.headers().get_all(header).iter().count();
            assert_eq!(there, 1, "{header} of {method} {path}");
        }
    }
    assert_eq!(
        ask("DELETE", "/bursts", "*/*").await.unwrap().headers()["allow"],
        "GET,HEAD"
    );
    // Errors are pages for browsers, packed as all pages are.
    let page = ask("GET", "/nowhere", "text/html").await.unwrap();
    assert_eq!(page.headers()["content-encoding"], "gzip");
    // HEAD answers as GET does, without the body.
    for path in ["/bursts", "/api/openapi.json", "/health/live", "/nowhere"] {
        let (get, head) = (
            ask("GET", path, "*/*").await.unwrap(),
            ask("HEAD", path, "*/*").await.unwrap(),
        );
        assert_eq!(head.status(), get.status(), "{path}");
        for header in ["content-encoding", "content-length", "content-type", "vary"] {
            assert_eq!(
                head.headers().get(header),
                get.headers().get(header),
                "{header} of {path}"
            );
        }
        assert!(head.bytes().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_a_page_names_is_there_and_kept_by_browsers() {
    let desk = TestApp::serve().await;
    let (_, page) = desk.page("/").await;
    let named: Vec<&str> = page
        .split('"')
        .filter(|part| part.starts_with("/assets/"))
        .collect();
    assert!(named.len() > 3);
    for path in named {
        let answer = desk.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert!(
            answer.headers()["cache-control"]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
    }
    assert_eq!(desk.get("/assets/0/css/no.css").await.status(), 404);
    assert_eq!(desk.get("/assets/0/../../Cargo.toml").await.status(), 404);
}

#[tokio::test]
async fn a_problem_is_a_page_for_people_and_a_document_for_scripts() {
    let desk = TestApp::serve().await;
    let (status, page) = desk.page("/bursts/99").await;
    assert_eq!(status, 404);
    assert!(page.contains("<h1>") && page.contains("no such burst"));
    let long = "x".repeat(300 * 1024);
    let large = desk.client.post(desk.url("/sign-in")).body(long);
    let large = large
        .header("accept", "text/html")
        .header("content-type", "application/x-www-form-urlencoded");
    let large = large.send().await.unwrap();
    assert_eq!(large.status(), 413);
    let page = large.text().await.unwrap();
    assert!(
        page.contains("larger than 256 KB") && page.contains("make it smaller"),
        "{page}"
    );
    let document = desk.get("/api/bursts/99").await;
    assert_eq!(
        document.headers()["content-type"],
        "application/problem+json"
    );
    let problem: serde_json::Value = document.json().await.unwrap();
    assert_eq!(
        (&problem["status"], &problem["type"]),
        (&404.into(), &"about:blank".into())
    );
    assert_eq!(
        desk.client
            .delete(desk.url("/api/bursts"))
            .send()
            .await
            .unwrap()
            .status(),
        405
    );
}

#[tokio::test]
async fn a_theme_is_chosen_by_a_plain_form_of_this_site_only() {
    let desk = TestApp::serve().await;
    let choose = |origin: &'static str, back: &'static str| {
        let form = [("theme", "red"), ("back", back)];
        desk.client
            .post(desk.url("/theme"))
            .header("cookie", "theme=dark")
            .header("origin", origin.replace("HOST", &desk.address.to_string()))
            .form(&form)
            .send()
    };
    let chosen = choose("http://HOST", "/bursts").await.unwrap();
    assert_eq!(
        (
            chosen.status().as_u16(),
            chosen.headers()["location"].to_str().unwrap()
        ),
        (303, "/bursts")
    );
    let cookie = chosen.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let page = desk
        .client
        .get(desk.url("/"))
        .header("cookie", cookie)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("data-theme=\"red\""));
    assert_eq!(
        choose("https://elsewhere.example", "/")
            .await
            .unwrap()
            .status(),
        403
    );
    let away = choose("http://HOST", "//elsewhere.example").await.unwrap();
    assert_eq!(away.headers()["location"], "/");
}

#[tokio::test]
async fn health_says_ready_and_what_is_off() {
    let desk = TestApp::serve().await;
    for path in [
        "/health",
        "/health/liveness",
        "/health/live",
        "/health/readiness",
        "/health/ready",
    ] {
        assert_eq!(desk.get(path).await.status(), 200, "{path}");
    }
    let readiness = desk.json("/health/readiness").await;
    assert_eq!(
        (
            &readiness["status"],
            &readiness["parts"]["database"]["state"]
        ),
        (&"ready".into(), &"ok".into())
    );
    desk.app.db.close().await;
    assert_eq!(desk.get("/health/readiness").await.status(), 503);
    assert_eq!(desk.get("/health/liveness").await.status(), 200);
}

#[tokio::test]
async fn metrics_are_for_this_machine() {
    grb_app::platform::telemetry::start_counting();
    let desk = TestApp::serve().await;
    assert!(
        desk.get("/metrics")
            .await
            .text()
            .await
            .unwrap()
            .contains("grb_stream_listeners")
    );
    for (name, value) in [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1"),
        ("host", "evil.example"),
    ] {
        let asked = desk.client.get(desk.url("/metrics")).header(name, value);
        let status = asked.send().await.unwrap().status();
        assert_eq!(status, 401, "{name}: {value}");
    }
}

#[tokio::test]
async fn every_json_route_is_described() {
    let desk = TestApp::serve().await;
    let document = desk.json("/api/openapi.json").await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for path in [
        "/api/bursts",
        "/api/bursts/latest",
        "/api/bursts/{id}",
        "/api/bursts/{id}/notices",
        "/api/notices",
        "/api/stream",
        "/api/events/users/stream",
        "/health/readiness",
        "/metrics",
    ] {
        assert!(
            document["paths"][path].is_object(),
            "{path} is not described"
        );
    }
}

#[tokio::test]
async fn silent_connections_shut_nobody_out_and_are_hung_up_on() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let desk = TestApp::serve().await;
    let mut silent = Vec::new();
    for _ in 0..300 {
        let mut connection = tokio::net::TcpStream::connect(desk.address).await.unwrap();
        connection.write_all(b"GET / HTTP/1.1\r\nHo").await.unwrap();
        silent.push(connection);
    }
    assert_eq!(desk.get("/health/liveness").await.status(), 200);
    let mut rest = Vec::new();
    let end = silent[0].read_to_end(&mut rest);
    let end = tokio::time::timeout(std::time::Duration::from_secs(20), end);
    assert!(end.await.is_ok(), "half a header was waited on for 20 s");
}
