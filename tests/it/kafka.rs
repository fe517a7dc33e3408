//! The listener against librdkafka's own mock cluster, which speaks the wire protocol.

use std::sync::Arc;
use std::time::Duration;

use grb_app::intake::kafka;
use grb_app::notices::Kind;
use grb_app::platform::config::{Config, Kafka};
use grb_app::platform::doctor::{Case, Verdict, examine};
use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{DefaultProducerContext, FutureProducer, FutureRecord};
use tokio_util::sync::CancellationToken;

use crate::common::{Listener, NOTICES, TestApp, body, count, gbm, take_in, until};

const TOPIC: &str = "gcn.classic.voevent.FERMI_GBM_ALERT";

struct Cluster {
    mock: MockCluster<'static, DefaultProducerContext>,
    producer: FutureProducer,
}

impl Cluster {
    fn new() -> Self {
        let mock = MockCluster::new(1).unwrap();
        mock.create_topic(TOPIC, 1, 1).unwrap();
        let producer = ClientConfig::new()
            .set("bootstrap.servers", mock.bootstrap_servers())
            .set("message.max.bytes", "8000000")
            .create()
            .unwrap();
        Self { mock, producer }
    }

    async fn publish(&self, topic: &str, body: &[u8]) {
        self.producer
            .send(
                FutureRecord::<(), [u8]>::to(topic).payload(body),
                Duration::from_secs(10),
            )
            .await
            .unwrap();
    }

    fn settings(&self, topics: &[&str]) -> Kafka {
        Kafka {
            bootstrap: self.mock.bootstrap_servers(),
            security: "plaintext".into(),
            login: None,
            ca: None,
            topics: topics.iter().map(ToString::to_string).collect(),
            address_family: "v4".into(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_goes_all_the_way_once_and_a_lost_group_offset_loses_nothing() {
    let cluster = Cluster::new();
    for after in 0..20 {
        cluster
            .publish(TOPIC, &body(&gbm(1, Kind::Alert, after)))
            .await;
    }
    cluster.publish(TOPIC, b"no notice at all").await;
    let desk = TestApp::new();
    let listener = Listener::start(&desk.app, cluster.settings(&[TOPIC]));
    until(&desk.app, NOTICES, 20).await;
    until(&desk.app, "select count(*) from aside", 1).await;
    until(
        &desk.app,
        "select coalesce(max(next_offset), 0) from kafka_positions",
        21,
    )
    .await;
    listener.stop().await;
    desk.app.db.close().await;
    let TestApp { app, folder } = desk;
    drop(app);

    let desk = TestApp::in_folder(folder);
    // With a group of another name the broker knows no offset for us; our own position counts.
    desk.app
        .db
        .write(|tx| Ok(tx.execute("delete from keepsakes where name = 'kafka group'", [])?))
        .await
        .unwrap();
    cluster
        .publish(TOPIC, &body(&gbm(1, Kind::Alert, 99)))
        .await;
    let listener = Listener::start(&desk.app, cluster.settings(&[TOPIC]));
    until(&desk.app, NOTICES, 21).await;
    assert_eq!(
        count(&desk.app, "select times from aside").await,
        1,
        "the position was not used: the junk came again"
    );
    listener.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_clusters_offsets_confuse_nothing() {
    let desk = TestApp::new();
    // The same topic was read far ahead, elsewhere.
    desk.app
        .db
        .write(|tx| {
            Ok(tx.execute(
                "insert into kafka_positions values ('elsewhere', ?1, 0, 5000)",
                [TOPIC],
            )?)
        })
        .await
        .unwrap();
    let cluster = Cluster::new();
    cluster.publish(TOPIC, &body(&gbm(1, Kind::Alert, 5))).await;
    let listener = Listener::start(&desk.app, cluster.settings(&[TOPIC]));
    until(&desk.app, NOTICES, 1).await;
    listener.stop().await;
    assert_eq!(
        count(
            &desk.app,
            "select count(distinct cluster) from kafka_positions"
        )
        .await,
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kafka_delivers_again_or_a_push_brought_first_is_seen() {
    let cluster = Cluster::new();
    let desk = TestApp::new();
    let alert = gbm(1, Kind::Alert, 5);
    take_in(&desk.app, &alert).await;
    cluster.publish(TOPIC, &body(&alert)).await;
    cluster.publish(TOPIC, &body(&alert)).await;
    let listener = Listener::start(&desk.app, cluster.settings(&[TOPIC]));
    until(
        &desk.app,
        "select coalesce(max(next_offset), 0) from kafka_positions",
        2,
    )
    .await;
    listener.stop().await;
    assert_eq!(count(&desk.app, NOTICES).await, 1);
    assert_eq!(count(&desk.app, "select count(*) from events").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_stay_out_of_the_database() {
    let cluster = Cluster::new();
    cluster.mock.create_topic("gcn.heartbeat", 1, 1).unwrap();
    let desk = TestApp::new();
    let listener = Listener::start(&desk.app, cluster.settings(&["gcn.heartbeat", TOPIC]));
    let beats = async {
        for _ in 0..100 {
            cluster
                .publish(
                    "gcn.heartbeat",
                    br#"{"alert_datetime":"2026-11-20T22:00:00Z"}"#,
                )
                .await;
            if desk.app.health.moment("heartbeat").is_some() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no heartbeat was noticed");
    };
    beats.await;
    listener.stop().await;
    assert_eq!(
        count(
            &desk.app,
            "select (select count(*) from notices) + (select count(*) from aside)"
        )
        .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_does_not_answer_is_a_warning_with_what_to_do() {
    let desk = TestApp::new();
    let nowhere = Kafka {
        bootstrap: "127.0.0.1:9".into(),
        ..Cluster::new().settings(&[TOPIC])
    };
    let listener = Listener::start(&desk.app, nowhere);
    for _ in 0..100 {
        let known = grb_app::intake::condition(&desk.app);
        if known.state == grb_app::platform::health::State::Warn {
            assert!(
                known.words.contains("127.0.0.1:9") && known.remedy.is_some(),
                "{known:?}"
            );
            return listener.stop().await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nothing was said");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_there_is_not_is_named_until_it_comes_to_be() {
    let cluster = Cluster::new();
    let desk = TestApp::new();
    let listener = Listener::start(&desk.app, cluster.settings(&["mistyped"]));
    let says = async |words: &str| {
        for _ in 0..200 {
            if grb_app::intake::condition(&desk.app).words.contains(words) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        false
    };
    assert!(says("none of the topics").await);
    cluster.mock.create_topic("mistyped", 1, 1).unwrap();
    assert!(says("Listening to 1 topic at").await);
    listener.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_elsewhere_forwards_what_it_hears() {
    let cluster = Cluster::new();
    let served = TestApp::serve().await;
    cluster.publish(TOPIC, &body(&gbm(1, Kind::Alert, 5))).await;
    let setup = kafka::Setup {
        kafka: cluster.settings(&[TOPIC]),
        group: "forward".into(),
        clock: served.app.clock.clone(),
        health: grb_app::platform::Health::default(),
    };
    let desk = grb_app::intake::forward::Desk {
        url: served.url(""),
        secret: grb_app::platform::config::Secret::new(crate::common::SECRET),
    };
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    let setup = Arc::new(setup);
    let forwarding =
        tokio::spawn(
            async move { grb_app::intake::forward::forward(&setup, desk, stopping).await },
        );
    until(&served.app, NOTICES, 1).await;
    stop.cancel();
    forwarding.await.unwrap().unwrap();
}

/// As `grb-app doctor` does it, beside a listener or without one.
#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_knocks_at_the_broker_and_counts_what_is_still_to_be_taken() {
    let cluster = Cluster::new();
    for after in 0..5 {
        cluster
            .publish(TOPIC, &body(&gbm(1, Kind::Alert, after)))
            .await;
    }
    let desk = TestApp::new();
    let listener = Listener::start(&desk.app, cluster.settings(&[TOPIC]));
    let reached = "select coalesce(max(next_offset), 0) from kafka_positions";
    until(&desk.app, reached, 5).await;
    listener.stop().await;
    let settings = cluster.settings(&[TOPIC]);
    let (config, clock) = ((*desk.app.config).clone(), desk.app.clock.clone());
    let examined = async |kafka: Kafka| {
        let case = Case {
            config: Arc::new(Config {
                kafka: Some(kafka),
                ..config.clone()
            }),
            clock: clock.clone(),
            server: None,
        };
        let report = examine(&grb_app::intake::checks(), &case).await;
        report.checks[0].finding.clone()
    };
    let level = examined(settings.clone()).await;
    assert_eq!(level.verdict, Verdict::Ok, "{level:?}");
    assert!(level.found.contains("every record there has been taken"));
    for after in 5..8 {
        cluster
            .publish(TOPIC, &body(&gbm(1, Kind::Alert, after)))
            .await;
    }
    assert!(examined(settings.clone()).await.found.contains("3 records"));
    let nobody = Kafka {
        bootstrap: "127.0.0.1:9".into(),
        ..settings
    };
    assert_eq!(examined(nobody).await.verdict, Verdict::Fault);
}
