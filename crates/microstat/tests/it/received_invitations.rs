//! Invitations to one's own address, under "Your Account".

use axum::http::StatusCode;

use crate::team::{Team, path_to};

#[tokio::test]
async fn invitations_to_my_address_are_accepted_and_declined_without_the_mail() {
    let mut team = Team::new().await;
    team.invite("bob@example.com cyd@example.com", "Viewer").await;
    let mut bob = team.site.person("Bob", "bob@example.com").await;
    let mut cyd = team.site.person("Cyd", "cyd@example.com").await;
    let mut eve = team.site.person("Eve", "eve@example.com").await;
    let page = bob.open("/account").await.text;
    let (bobs, page) = (path_to(&page, "acceptance"), page.replace("&#39;", "'"));
    assert!(
        page.contains("Ada's Organisation</bdi>") && page.contains("as Viewer, invited by <bdi>Ada</bdi>"),
        "{page}"
    );
    assert!(
        page.contains(">Accept</button>") && page.contains(">Decline</button>"),
        "{page}"
    );
    let cyds = path_to(&cyd.open("/account").await.text, "refusal");
    let page = eve.open("/account").await.text;
    assert!(!page.contains(">Accept</button>"), "{page}");
    for path in [&bobs, &cyds] {
        assert_eq!(eve.post(path, &[]).await.status, StatusCode::CONFLICT);
    }
    assert_eq!(bob.post(&bobs, &[]).await.location(), team.project);
    assert_eq!(cyd.submit(&cyds, &[]).await.location(), "/account");
    assert!(cyd.page.contains("You declined the invitation.") && !cyd.page.contains(">Accept</button>"));
    assert_eq!(
        cyd.post(&cyds.replace("refusal", "acceptance"), &[]).await.status,
        StatusCode::CONFLICT
    );
    assert_eq!(team.others().await, ["bob@example.com Viewer"]);
    assert!(
        team.log()
            .await
            .contains(&"invitation.declined | cyd@example.com | ".to_owned())
    );
    assert!(!team.settings().await.contains("cyd@example.com</strong>"));
}

#[tokio::test]
async fn only_whoever_has_proven_an_address_sees_and_answers_what_was_sent_to_it() {
    let mut team = Team::with(&["--smtp", "smtp://127.0.0.1:1"]).await;
    team.invite("bob@example.com", "Viewer").await;
    let mut bob = team.site.person("Bob", "bob@example.com").await;
    let user = team.site.user("bob@example.com").await;
    let page = bob.open("/account").await.text;
    assert!(
        !page.contains(">Accept</button>") && page.contains("Once your e-mail address is verified"),
        "{page}"
    );
    let mine = store::acceptances::of_user(&team.site.app.db, user, team.site.app.now())
        .await
        .unwrap();
    let path = format!("/account/invitations/{}", mine[0].id);
    for way in ["acceptance", "refusal"] {
        assert_eq!(
            bob.post(&format!("{path}/{way}"), &[]).await.status,
            StatusCode::FORBIDDEN
        );
    }
    team.site.verify("bob@example.com").await;
    let path = path_to(&bob.open("/account").await.text, "acceptance");
    assert_eq!(bob.post(&path, &[]).await.location(), team.project);
}
