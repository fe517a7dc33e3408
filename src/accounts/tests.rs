//! People, one function at a time.

use chrono::{DateTime, TimeDelta, Utc};

use super::fields::{Email, full_name};
use super::people::{self, Moment};
use super::seal::Seal;
use super::{entry, links, password, second_step, sessions, store};
use crate::platform::config::Sources;
use crate::platform::{App, Clock, Error};

fn now() -> DateTime<Utc> {
    "2026-11-20T22:00:00Z".parse().unwrap()
}

fn app(folder: &std::path::Path) -> App {
    let flags = [("data_dir", Some(folder.to_string_lossy().into_owned()))];
    let config = Sources::gather(None, &|_| None, &flags)
        .unwrap()
        .understand();
    App::open(config.unwrap(), Clock::fixed(now())).unwrap()
}

#[test]
fn an_address_is_what_letters_can_be_sent_to() {
    for good in [
        "ada@example.org",
        " Ada.Owl+grb@mail.example.org ",
        "o'neil@example.org",
    ] {
        assert!(Email::parse(good).is_ok(), "{good}");
    }
    let long = format!("{}@example.org", "a".repeat(250));
    for bad in [
        "",
        "ada",
        "ada@",
        "@example.org",
        "Ada <ada@example.org>",
        "a@b@example.org",
        "ada@example.org\r\nBcc: x@example.org",
        "a da@example.org",
        &long,
    ] {
        assert!(Email::parse(bad).is_err(), "{bad}");
    }
    let (one, other) = (
        Email::parse("ADA@Example.org"),
        Email::parse("ada@example.ORG"),
    );
    assert_eq!(one.unwrap().key(), other.unwrap().key());
}

#[test]
fn a_name_is_one_line_of_writing() {
    assert_eq!(full_name("  Ada Løvenskiold ").unwrap(), "Ada Løvenskiold");
    for bad in ["", "  ", "a\nb", "a\u{202e}b", &"a".repeat(101)] {
        assert!(full_name(bad).is_err(), "{bad:?}");
    }
}

#[tokio::test]
async fn a_password_is_kept_as_argon2id_and_only_it_fits() {
    let hash = password::hash("seven quiet owls".into()).await.unwrap();
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
    assert!(!password::is_dated(&hash));
    assert!(password::is_dated(&hash.replace("19456", "4096")));
    let fits = async |text: &str, kept: Option<String>| {
        password::matches(text.into(), kept).await.unwrap()
    };
    assert!(fits("seven quiet owls", Some(hash.clone())).await);
    assert!(!fits("seven quiet owl", Some(hash)).await);
    assert!(
        !fits("seven quiet owls", None).await,
        "nobody has no password"
    );
    // From the tests of the reference implementation (P-H-C/phc-winner-argon2, src/test.c).
    let reference =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    assert!(fits("password", Some(reference.into())).await);
}

#[tokio::test]
async fn weak_passwords_are_told_from_strong_ones() {
    let weak = async |text: &str| {
        let known = vec!["Ada Owlington".into(), "ada@example.org".into()];
        password::weakness(text.into(), known).await.unwrap()
    };
    for bad in [
        "short",
        "password1",
        "qwertyuiop",
        "AdaOwlington1",
        &"x".repeat(129),
    ] {
        assert!(weak(bad).await.is_some(), "{bad}");
    }
    for good in ["correct horse battery staple", "kj3#Vq9!mZ2w"] {
        assert_eq!(weak(good).await, None, "{good}");
    }
}

#[tokio::test]
async fn a_seal_opens_for_its_purpose_and_time_only() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let seal = Seal::of(&app).await.unwrap();
    let stamp = seal.stamp("code", "7", now());
    let day = TimeDelta::days(1);
    let again = Seal::of(&app).await.unwrap();
    assert_eq!(again.open("code", &stamp, now(), day).unwrap().0, "7");
    assert!(seal.open("sign-up", &stamp, now(), day).is_none());
    assert!(seal.open("code", &stamp, now() + day * 2, day).is_none());
    assert!(
        seal.open("code", &stamp.replace(".7.", ".8."), now(), day)
            .is_none()
    );
    assert!(seal.open("code", "", now(), day).is_none());
}

#[tokio::test]
async fn a_code_of_the_second_step_works_a_step_early_or_late_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let tried = app.db.write(|tx| {
        tx.execute_batch(
            "insert into members (id, email, email_key, full_name, notify, created_at, updated_at) values (1, 'a', 'a', 'a', 'none', 0, 0);
             insert into second_steps (member_id, secret, confirmed_at) values (1, 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', 1);",
        )?;
        // RFC 6238, appendix B: at 59 s the code of this secret is 94287082; six digits of it.
        let at = |second: i64| DateTime::from_timestamp(second, 0).unwrap();
        let take = |second: i64| second_step::take(tx, at(second), 1, "287 082");
        Ok((take(119)?, take(59)?, take(59)?, take(89)?))
    });
    assert_eq!(tried.await.unwrap(), (false, true, false, false));
}

#[tokio::test]
async fn links_are_for_one_purpose_and_the_newest_counts() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let done = app.db.write(|tx| {
        let make = || links::make(tx, now(), links::Purpose::Confirm, None, None);
        let (old, new) = (make()?, make()?);
        let take = |token: &str, purpose| links::take(tx, now(), purpose, token);
        assert!(matches!(
            take(&old, links::Purpose::Confirm),
            Err(Error::NotFound(_))
        ));
        assert!(take(&new, links::Purpose::Reset).is_err());
        assert!(take(&new, links::Purpose::Confirm).is_ok());
        assert!(take(&new, links::Purpose::Confirm).is_err());
        Ok(())
    });
    done.await.unwrap();
}

#[tokio::test]
async fn a_token_ends_when_it_was_said_to_and_old_ones_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let done = app.db.write(|tx| {
        tx.execute_batch("insert into members (id, email, email_key, full_name, notify, confirmed_at, created_at, updated_at) values (1, 'a', 'a', 'a', 'none', 1, 0, 0);")?;
        let token = sessions::give(tx, now(), 1, "dome", Some(now() + TimeDelta::days(1)))?;
        let session = sessions::begin(tx, (now(), now()), 1, "curl")?;
        assert!(token.starts_with("grb_"));
        assert!(sessions::caller(tx, now(), &token)?.is_some());
        assert!(sessions::caller(tx, now() + TimeDelta::days(2), &token)?.is_none());
        assert!(sessions::caller(tx, now(), &session)?.is_some());
        sessions::forget_old(tx, now() + TimeDelta::days(8))?;
        assert!(sessions::caller(tx, now(), &token)?.is_none() && sessions::caller(tx, now(), &session)?.is_none());
        Ok(())
    });
    done.await.unwrap();
}

#[tokio::test]
async fn what_was_chosen_last_counts_for_who_signs_up_twice() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let at = Moment::of(&app);
    let bus = app.bus.clone();
    let done = app.db.write(move |tx| {
        let new = |name: &str| super::model::NewMember {
            email: Email::parse("ada@example.org").unwrap(),
            full_name: name.into(),
            password: Some("hash".into()),
            notify: super::Notify::Digest,
            officer: false,
            confirmed: false,
        };
        people::sign_up(tx, &bus, at, &new("First"))?;
        people::sign_up(tx, &bus, at, &new("Second"))?;
        assert_eq!(store::member(tx, 1)?.full_name, "Second");
        let letters: i64 = tx.query_row("select count(*) from outbox", [], |row| row.get(0))?;
        assert_eq!(letters, 1, "the first letter's link is void");
        Ok(())
    });
    done.await.unwrap();
}

#[test]
fn a_browser_is_named_in_a_few_words() {
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";
    let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1";
    let edge =
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Edg/120.0";
    let named = [firefox, phone, edge, "curl/8.0", "\u{7f}?"].map(entry::device);
    assert_eq!(
        named,
        [
            "Firefox on Linux",
            "Safari on iPhone",
            "Edge on Windows",
            "curl",
            "A program"
        ]
    );
}

#[test]
fn over_tls_the_cookie_is_bound_to_this_host() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = app(folder.path());
    assert_eq!(super::extract::cookie_name(&app), "session");
    let mut config = (*app.config).clone();
    config.public_url = Some("https://desk.example.org".into());
    app.config = std::sync::Arc::new(config);
    assert_eq!(super::extract::cookie_name(&app), "__Host-session");
}

#[tokio::test]
async fn who_never_confirms_is_forgotten_after_a_week_and_nobody_who_has_something_here() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let day = TimeDelta::days(1);
    let done = app.db.write(move |tx| {
        let people = "insert into members (full_name, email, email_key, notify, officer, confirmed_at, disabled_at, created_at, updated_at)
            select f, f, f, 'none', o, c, d, 0, ?1 from (
            select 'stranger' f, 0 o, null c, null d union all select 'member', 0, 1, null union all select 'officer', 1, null, null
            union all select 'shut out', 0, null, 1 union all select 'doubted', 0, null, null)";
        tx.execute(people, [now().timestamp_micros()])?;
        tx.execute_batch(
            "insert into sites (member_id, name, latitude, longitude, elevation_m, time_zone, horizon, created_at, updated_at)
             select id, 'dome', 0, 0, 0, 'UTC', '[]', 0, 0 from members where full_name = 'doubted';
             insert into links (hash, member_id, purpose, expires_at) select id, id, 'confirm', 1 from members",
        )?;
        let names = || tx.query_row("select group_concat(full_name, ', ' order by id) from members", [], |row| row.get::<_, String>(0));
        super::forget_old(tx, now() + day * 7 - TimeDelta::seconds(1))?;
        assert!(names()?.contains("stranger"), "within the week");
        super::forget_old(tx, now() + day * 7)?;
        assert_eq!(names()?, "member, officer, shut out, doubted");
        Ok(())
    });
    done.await.unwrap();
}
