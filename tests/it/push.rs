//! Notices pushed by another host: signed, fresh, and harmless when they come twice.

use grb_app::intake::push::{LARGEST, sign};
use grb_app::notices::Kind;
use grb_app::platform::config::Secret;
use reqwest::Response;

use crate::common::{NOW, SECRET, Served, TestApp, body, gbm};

pub(crate) struct Push {
    secret: &'static str,
    late: i64,
    topic: &'static str,
    signed_topic: &'static str,
    body: Vec<u8>,
}

impl Push {
    pub(crate) fn honest() -> Self {
        let body = body(&gbm(1, Kind::Alert, 5));
        Self {
            secret: SECRET,
            late: 0,
            topic: "gcn.classic.voevent.FERMI_GBM_ALERT",
            signed_topic: "gcn.classic.voevent.FERMI_GBM_ALERT",
            body,
        }
    }

    pub(crate) async fn send(self, desk: &Served) -> Response {
        let timestamp = (NOW.timestamp() - self.late).to_string();
        let signature = sign(
            &Secret::new(self.secret),
            &timestamp,
            self.signed_topic,
            &self.body,
        );
        let request = desk
            .client
            .post(desk.url("/api/notices"))
            .header("X-Topic", self.topic)
            .header("X-Timestamp", timestamp);
        request
            .header("X-Signature", signature)
            .body(self.body)
            .send()
            .await
            .unwrap()
    }
}

async fn recorded(answer: Response) -> String {
    assert_eq!(answer.status(), 202);
    answer.json::<serde_json::Value>().await.unwrap()["recorded"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_signed_notice_is_taken_once() {
    let desk = TestApp::serve().await;
    assert_eq!(recorded(Push::honest().send(&desk).await).await, "new");
    assert_eq!(recorded(Push::honest().send(&desk).await).await, "seen");
    let update = Push {
        body: body(&gbm(1, Kind::Alert, 6)),
        ..Push::honest()
    };
    assert_eq!(recorded(update.send(&desk).await).await, "updated");
    assert_eq!(desk.json("/api/bursts/1").await["notice_count"], 2);
}

#[tokio::test]
async fn what_cannot_be_read_is_set_aside_whole() {
    let desk = TestApp::serve().await;
    let junk = || Push {
        body: b"<!DOCTYPE bomb [<!ENTITY a 'b'>]><x>&a;</x>".to_vec(),
        ..Push::honest()
    };
    assert_eq!(recorded(junk().send(&desk).await).await, "aside");
    assert_eq!(recorded(junk().send(&desk).await).await, "seen");
    let kept = desk
        .app
        .db
        .read(|conn| grb_app::intake::aside::body(conn, 1))
        .await
        .unwrap();
    assert_eq!(kept, junk().body);
    assert!(desk.page("/status").await.1.contains("could not be read"));
}

#[tokio::test]
async fn a_wrong_or_old_signature_is_refused() {
    let desk = TestApp::serve().await;
    let wrong = [
        Push {
            secret: "another secret",
            ..Push::honest()
        },
        Push {
            late: 301,
            ..Push::honest()
        },
        Push {
            late: -301,
            ..Push::honest()
        },
        Push {
            signed_topic: "another topic",
            ..Push::honest()
        },
    ];
    for push in wrong {
        assert_eq!(push.send(&desk).await.status(), 401);
    }
    let unsigned = desk
        .client
        .post(desk.url("/api/notices"))
        .body("x")
        .send()
        .await
        .unwrap();
    assert_eq!(unsigned.status(), 401);
    assert_eq!(
        desk.json("/api/bursts").await["items"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[tokio::test]
async fn four_mebibytes_are_taken_and_one_byte_more_is_not() {
    let desk = TestApp::serve().await;
    let sized = |bytes: usize| Push {
        body: vec![b'x'; bytes],
        ..Push::honest()
    };
    assert_eq!(sized(LARGEST).send(&desk).await.status(), 202);
    assert_eq!(sized(LARGEST + 1).send(&desk).await.status(), 413);
}
