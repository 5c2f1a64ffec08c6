//! Every route × (signed out, outsider, Viewer, Member, Administrator): the table is held against the router itself,
//! so a route without a row fails, and so does a row without a route.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use domain::annotation::{Content, Kind};
use domain::board::{Picture, Width};
use domain::dsn::PublicKey;
use domain::email::EmailAddress;
use domain::id::{
    AnnotationId, BoardId, ChartId, CodeId, DsnId, ImportId, InvitationId, MetricId, OrganisationId, ProjectId,
    SessionId, ShareId, TokenId, UserId,
};
use domain::invitation_code::Terms;
use domain::metric::{MetricName, MetricType};
use domain::name::Name;
use domain::period::Preset;
use domain::role::Role;
use domain::time::{DAY, HOUR};
use microstat::secrets::Secret;
use store::Tx;
use store::annotations::Addition;
use store::api_tokens::NewToken;
use store::boards::{NewBoard, NewChart, Said};
use store::imports::NewImport;
use store::invitation_codes::NewCode;
use store::invitations::NewInvitation;
use store::memberships::How;
use store::sessions::NewSession;
use store::shares::{NewShare, What};
use store::users::NewUser;

use crate::harness::{Browser, Site};

/// Who visits, in the table's order. Whoever may change least comes first, so that each finds things as they were.
const VISITORS: [Visitor; 5] = [
    Visitor::SignedOut,
    Visitor::Outsider,
    Visitor::Member(Role::Viewer),
    Visitor::Member(Role::Member),
    Visitor::Member(Role::Administrator),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visitor {
    SignedOut,
    Outsider,
    Member(Role),
}

/// Method, path, and the status for each visitor. A form is sent empty (422 where it needs something) unless
/// [`fields`] says otherwise.
#[rustfmt::skip]
const TABLE: &[(&str, &str, [u16; 5])] = &[
    ("GET", "/", [303, 303, 303, 303, 303]),
    ("GET", "/sign-up", [200, 303, 303, 303, 303]),
    ("POST", "/sign-up", [422, 422, 422, 422, 422]),
    ("GET", "/sign-in", [200, 303, 303, 303, 303]),
    ("POST", "/sign-in", [422, 422, 422, 422, 422]),
    ("POST", "/sign-out", [303, 303, 303, 303, 303]),
    ("GET", "/forgot-password", [200, 200, 200, 200, 200]),
    ("POST", "/forgot-password", [422, 422, 422, 422, 422]),
    ("GET", "/password-resets/{token}", [410, 410, 410, 410, 410]),
    ("POST", "/password-resets/{token}", [410, 410, 410, 410, 410]),
    ("POST", "/email-verifications", [303, 303, 303, 303, 303]),
    ("GET", "/email-verifications/{token}", [410, 410, 410, 410, 410]),
    ("POST", "/email-verifications/{token}", [410, 410, 410, 410, 410]),
    ("GET", "/account", [303, 200, 200, 200, 200]),
    ("GET", "/account/name", [303, 303, 303, 303, 303]),
    ("POST", "/account/name", [303, 422, 422, 422, 422]),
    ("GET", "/welcome", [303, 200, 303, 303, 303]),
    ("GET", "/account/time-zone", [303, 200, 200, 200, 200]),
    ("POST", "/account/time-zone", [303, 422, 422, 422, 422]),
    ("GET", "/account/email", [303, 200, 200, 200, 200]),
    ("POST", "/account/email", [303, 422, 422, 422, 422]),
    ("GET", "/account/password", [303, 303, 303, 303, 303]),
    ("POST", "/account/password", [303, 422, 422, 422, 422]),
    ("POST", "/account/sessions/deletion", [303, 303, 303, 303, 303]),
    ("POST", "/account/sessions/{session}/deletion", [303, 404, 404, 404, 404]),
    ("GET", "/account/tokens", [303, 200, 200, 200, 200]),
    ("POST", "/account/tokens", [303, 422, 422, 422, 422]),
    ("POST", "/account/tokens/{token}/deletion", [303, 404, 404, 404, 404]),
    ("GET", "/account/deletion", [303, 200, 200, 200, 200]),
    ("POST", "/account/deletion", [303, 422, 422, 422, 422]),
    ("GET", "/organisations/new", [303, 200, 200, 200, 200]),
    ("POST", "/organisations", [303, 422, 422, 422, 422]),
    ("GET", "/organisations/{organisation}", [303, 404, 303, 303, 303]),
    ("GET", "/organisations/{organisation}/settings", [303, 404, 200, 200, 200]),
    ("GET", "/organisations/{organisation}/name", [303, 404, 403, 403, 200]),
    ("POST", "/organisations/{organisation}/name", [303, 404, 403, 403, 422]),
    ("POST", "/organisations/{organisation}/members/{user}/role", [303, 404, 403, 403, 303]),
    ("GET", "/organisations/{organisation}/members/{user}/removal", [303, 404, 403, 403, 200]),
    ("POST", "/organisations/{organisation}/members/{user}/removal", [303, 404, 403, 403, 303]),
    ("GET", "/organisations/{organisation}/invitations/new", [303, 404, 403, 403, 200]),
    ("POST", "/organisations/{organisation}/invitations", [303, 404, 403, 403, 200]),
    ("POST", "/organisations/{organisation}/invitations/{invitation}/resending", [303, 404, 403, 403, 200]),
    ("POST", "/organisations/{organisation}/invitations/{invitation}/revocation", [303, 404, 403, 403, 303]),
    ("POST", "/organisations/{organisation}/codes", [303, 404, 403, 403, 200]),
    ("GET", "/organisations/{organisation}/codes/{code}/ending", [303, 404, 403, 403, 200]),
    ("POST", "/organisations/{organisation}/codes/{code}/ending", [303, 404, 403, 403, 303]),
    ("GET", "/invitations/{token}", [200, 200, 200, 200, 200]),
    ("POST", "/invitations/{token}/acceptance", [303, 303, 303, 303, 303]),
    ("GET", "/invitations/{token}/sign-in", [200, 303, 303, 303, 303]),
    ("POST", "/invitations/{token}/sign-in", [422, 422, 422, 422, 422]),
    ("GET", "/invitations/{token}/sign-up", [200, 303, 303, 303, 303]),
    ("POST", "/invitations/{token}/sign-up", [422, 422, 422, 422, 422]),
    ("POST", "/account/invitations/{invitation}/acceptance", [303, 409, 409, 409, 409]),
    ("POST", "/account/invitations/{invitation}/refusal", [303, 409, 409, 409, 409]),
    ("GET", "/account/join", [303, 200, 200, 200, 200]),
    ("POST", "/account/join", [303, 422, 422, 422, 422]),
    ("GET", "/organisations/{organisation}/departure", [303, 404, 200, 200, 200]),
    ("POST", "/organisations/{organisation}/departure", [303, 404, 422, 422, 422]),
    ("GET", "/organisations/{organisation}/deletion", [303, 404, 403, 403, 200]),
    ("POST", "/organisations/{organisation}/deletion", [303, 404, 403, 403, 422]),
    ("POST", "/organisations/{organisation}/restoration", [303, 404, 404, 404, 404]),
    ("GET", "/organisations/{organisation}/audit-log", [303, 404, 403, 403, 200]),
    ("GET", "/organisations/{organisation}/audit-log.csv", [303, 404, 403, 403, 200]),
    ("GET", "/organisations/{organisation}/audit-log.json", [303, 404, 403, 403, 200]),
    ("GET", "/projects/{project}/settings", [303, 404, 200, 200, 200]),
    ("GET", "/projects/{project}/rejections", [303, 404, 200, 200, 200]),
    ("POST", "/projects/{project}/rejections/deletion", [303, 404, 403, 303, 303]),
    ("GET", "/projects/{project}/name", [303, 404, 403, 403, 200]),
    ("POST", "/projects/{project}/name", [303, 404, 403, 403, 422]),
    ("GET", "/organisations/{organisation}/projects/new", [303, 404, 403, 403, 200]),
    ("POST", "/organisations/{organisation}/projects", [303, 404, 403, 403, 422]),
    ("GET", "/projects/{project}/origins", [303, 404, 403, 403, 200]),
    ("POST", "/projects/{project}/origins", [303, 404, 403, 403, 303]),
    ("GET", "/projects/{project}/retention", [303, 404, 403, 403, 200]),
    ("POST", "/projects/{project}/retention", [303, 404, 403, 403, 422]),
    ("GET", "/projects/{project}/time-zone", [303, 404, 403, 403, 200]),
    ("POST", "/projects/{project}/time-zone", [303, 404, 403, 403, 422]),
    ("POST", "/projects/{project}/pause", [303, 404, 403, 403, 303]),
    ("GET", "/projects/{project}/deletion", [303, 404, 403, 403, 200]),
    ("POST", "/projects/{project}/deletion", [303, 404, 403, 403, 422]),
    ("POST", "/organisations/{organisation}/projects/{project}/restoration", [303, 404, 403, 403, 404]),
    ("GET", "/projects/{project}/dsns", [303, 404, 403, 403, 200]),
    ("POST", "/projects/{project}/dsns", [303, 404, 403, 403, 422]),
    ("GET", "/projects/{project}/dsns/{dsn}/ending", [303, 404, 403, 403, 200]),
    ("POST", "/projects/{project}/dsns/{dsn}/ending", [303, 404, 403, 403, 303]),
    ("GET", "/projects/{project}/dsns/{dsn}/rotation", [303, 404, 403, 403, 200]),
    ("POST", "/projects/{project}/dsns/{dsn}/rotation", [303, 404, 403, 403, 303]),
    ("GET", "/projects/{project}", [303, 404, 200, 200, 200]),
    ("POST", "/projects/{project}/favourites/order", [303, 404, 403, 404, 404]),
    ("GET", "/overview", [303, 200, 200, 200, 200]),
    ("GET", "/search", [303, 200, 200, 200, 200]),
    ("GET", "/projects/{project}/live", [303, 404, 200, 200, 200]),
    ("GET", "/live", [303, 404, 404, 404, 404]),
    ("GET", "/projects/{project}/tutorial", [303, 404, 200, 200, 200]),
    ("GET", "/projects/{project}/first-data-point", [303, 404, 200, 200, 200]),
    ("GET", "/projects/{project}/metrics", [303, 404, 200, 200, 200]),
    ("GET", "/projects/{project}/metrics/names", [303, 404, 200, 200, 200]),
    ("GET", "/projects/{project}/metrics/{metric}", [303, 404, 200, 200, 200]),
    ("GET", "/projects/{project}/metrics/{metric}/series.csv", [303, 404, 200, 200, 200]),
    ("GET", "/projects/{project}/metrics/{metric}/data-points", [303, 404, 200, 200, 200]),
    ("GET", "/projects/{project}/metrics/{metric}/data-points/deletion", [303, 404, 403, 200, 200]),
    ("POST", "/projects/{project}/metrics/{metric}/data-points/deletion", [303, 404, 403, 422, 422]),
    ("POST", "/projects/{project}/metrics/{metric}/favourite", [303, 404, 403, 303, 303]),
    ("GET", "/projects/{project}/metrics/{metric}/edit", [303, 404, 403, 200, 200]),
    ("POST", "/projects/{project}/metrics/{metric}/edit", [303, 404, 403, 303, 303]),
    ("POST", "/projects/{project}/metrics/{metric}/visibility", [303, 404, 403, 303, 303]),
    ("POST", "/projects/{project}/metrics/{metric}/separation", [303, 404, 403, 404, 404]),
    ("GET", "/projects/{project}/metrics/{metric}/merging", [303, 404, 403, 200, 200]),
    ("POST", "/projects/{project}/metrics/merging", [303, 404, 403, 422, 422]),
    ("POST", "/projects/{project}/metrics/selection", [303, 404, 403, 303, 303]),
    ("POST", "/projects/{project}/metrics/deletion", [303, 404, 403, 303, 303]),
    ("GET", "/projects/{project}/deleted-metrics", [303, 404, 200, 200, 200]),
    ("POST", "/projects/{project}/deleted-metrics/restoration", [303, 404, 403, 303, 303]),
    ("GET", "/projects/{project}/metrics/{metric}/deletion", [303, 404, 403, 200, 200]),
    ("POST", "/projects/{project}/metrics/{metric}/deletion", [303, 404, 403, 422, 422]),
    ("GET", "/projects/{project}/annotations", [303, 404, 200, 200, 200]),
    ("POST", "/projects/{project}/annotations", [303, 404, 403, 422, 422]),
    ("GET", "/projects/{project}/annotations/new", [303, 404, 403, 200, 200]),
    ("GET", "/projects/{project}/annotations/{annotation}", [303, 404, 403, 200, 200]),
    ("POST", "/projects/{project}/annotations/{annotation}", [303, 404, 403, 422, 422]),
    ("POST", "/projects/{project}/annotations/{annotation}/deletion", [303, 404, 403, 303, 303]),
    ("POST", "/projects/{project}/annotations/{annotation}/restoration", [303, 404, 403, 303, 303]),
    ("GET", "/organisations/{organisation}/boards", [303, 404, 200, 200, 200]),
    ("POST", "/organisations/{organisation}/boards", [303, 404, 403, 422, 422]),
    ("GET", "/organisations/{organisation}/boards/new", [303, 404, 403, 200, 200]),
    ("GET", "/organisations/{organisation}/boards/add", [303, 404, 403, 422, 422]),
    ("POST", "/organisations/{organisation}/boards/add", [303, 404, 403, 422, 422]),
    ("GET", "/organisations/{organisation}/boards/{board}", [303, 404, 200, 200, 200]),
    ("POST", "/organisations/{organisation}/boards/{board}", [303, 404, 403, 403, 422]),
    ("GET", "/organisations/{organisation}/boards/{board}/arrangement", [303, 404, 403, 403, 200]),
    ("GET", "/organisations/{organisation}/boards/{board}/settings", [303, 404, 403, 403, 200]),
    ("POST", "/organisations/{organisation}/boards/{board}/copy", [303, 404, 403, 303, 303]),
    ("POST", "/organisations/{organisation}/boards/{board}/deletion", [303, 404, 403, 403, 303]),
    ("POST", "/organisations/{organisation}/boards/{board}/restoration", [303, 404, 403, 403, 303]),
    ("GET", "/organisations/{organisation}/boards/{board}/charts/new", [303, 404, 403, 403, 200]),
    ("POST", "/organisations/{organisation}/boards/{board}/charts", [303, 404, 403, 403, 422]),
    ("GET", "/organisations/{organisation}/boards/{board}/charts/{chart}", [303, 404, 403, 403, 200]),
    ("POST", "/organisations/{organisation}/boards/{board}/charts/{chart}", [303, 404, 403, 403, 303]),
    ("POST", "/organisations/{organisation}/boards/{board}/charts/{chart}/place", [303, 404, 403, 403, 303]),
    ("POST", "/organisations/{organisation}/boards/{board}/charts/{chart}/width", [303, 404, 403, 403, 303]),
    ("POST", "/organisations/{organisation}/boards/{board}/charts/{chart}/deletion", [303, 404, 403, 403, 303]),
    ("POST", "/organisations/{organisation}/boards/{board}/charts/{chart}/restoration", [303, 404, 403, 403, 303]),
    ("GET", "/organisations/{organisation}/boards/{board}/shares", [303, 404, 403, 200, 200]),
    ("POST", "/organisations/{organisation}/boards/{board}/shares", [303, 404, 403, 200, 200]),
    ("GET", "/projects/{project}/metrics/{metric}/shares", [303, 404, 403, 200, 200]),
    ("POST", "/projects/{project}/metrics/{metric}/shares", [303, 404, 403, 200, 200]),
    ("GET", "/organisations/{organisation}/shares", [303, 404, 403, 200, 200]),
    ("POST", "/organisations/{organisation}/sharing", [303, 404, 403, 403, 303]),
    ("POST", "/organisations/{organisation}/shares/{share}/revocation", [303, 404, 403, 404, 303]),
    ("GET", "/shared/{token}", [410, 410, 410, 410, 410]),
    ("GET", "/embed/{token}", [410, 410, 410, 410, 410]),
    ("GET", "/badge/{token}", [410, 410, 410, 410, 410]),
    ("GET", "/projects/{project}/export", [303, 404, 200, 200, 200]),
    ("GET", "/projects/{project}/export/file", [303, 404, 200, 200, 200]),
    ("GET", "/projects/{project}/imports", [303, 404, 403, 200, 200]),
    ("POST", "/projects/{project}/imports", [303, 404, 403, 422, 422]),
    ("POST", "/projects/{project}/imports/file", [303, 404, 403, 422, 422]),
    ("GET", "/projects/{project}/imports/{import}", [303, 404, 403, 200, 200]),
    // its token is in a header, which this form has not
    ("POST", "/projects/{project}/imports/{import}/parts", [303, 404, 403, 403, 403]),
    ("POST", "/projects/{project}/imports/{import}/start", [303, 404, 403, 409, 409]),
    ("POST", "/projects/{project}/imports/{import}/cancellation", [303, 404, 403, 303, 303]),
    ("GET", "/projects/{project}/imports/{import}/rejected.csv", [303, 404, 403, 404, 404]),
    ("GET", "/organisations/{organisation}/dsns/rotation", [303, 404, 403, 403, 303]),
    ("POST", "/organisations/{organisation}/dsns/rotation", [303, 404, 403, 403, 303]),
    ("GET", "/help", [200, 200, 200, 200, 200]),
    ("GET", "/help/{page}", [200, 200, 200, 200, 200]),
    ("GET", "/api/v1/openapi.json", [200, 200, 200, 200, 200]),
    ("GET", "/api/v1/projects", [401, 200, 200, 200, 200]),
    ("GET", "/api/v1/projects/{project}/totals", [401, 404, 200, 200, 200]),
    ("GET", "/api/v1/projects/{project}/export", [401, 404, 200, 200, 200]),
    ("GET", "/api/v1/projects/{project}/busiest", [401, 404, 200, 200, 200]),
    ("GET", "/api/v1/projects/{project}/annotations", [401, 404, 200, 200, 200]),
    ("POST", "/api/v1/projects/{project}/annotations", [401, 404, 403, 400, 400]),
    ("DELETE", "/api/v1/projects/{project}/annotations/{annotation}", [401, 404, 403, 204, 404]),
    ("GET", "/api/v1/projects/{project}/metrics", [401, 404, 200, 200, 200]),
    ("GET", "/api/v1/projects/{project}/metrics/{metric}/series", [401, 404, 200, 200, 200]),
    ("GET", "/api/v1/projects/{project}/metrics/{metric}/words", [401, 404, 422, 422, 422]),
    ("GET", "/api/v1/projects/{project}/metrics/{metric}/data-points", [401, 404, 200, 200, 200]),
];

/// What a form needs so that its row reaches the deed itself.
fn fields(path: &str) -> &'static [(&'static str, &'static str)] {
    match path.rsplit('/').next() {
        Some("role") => &[("role", "Member")],
        Some("invitations") => &[("role", "Member"), ("emails", "new@example.com")],
        Some("codes") => &[("role", "Member"), ("hours", "24"), ("uses", "10")],
        Some("pause") => &[("paused", "true")],
        Some("favourite") => &[("favourite", "yes")],
        Some("visibility") => &[("hidden", "no")],
        Some("separation") => &[("metric", "zzzzzzzzzz")],
        Some("rotation") => &[("days", "7")],
        _ => &[],
    }
}

/// An organisation with one of everything, and its five visitors.
struct Cast {
    /// What stands for each `{parameter}` of a path.
    parameters: BTreeMap<&'static str, String>,
    administrator: UserId,
    browsers: Vec<Browser>,
    tokens: Vec<Option<Secret>>,
}

impl Cast {
    async fn new(site: &Site) -> Self {
        let app = &site.app;
        let mut tx = app.db.begin().await.unwrap();
        let organisation = OrganisationId::from_random(app.random.bits());
        let name = Name::new("Analytical Engines").unwrap();
        store::organisations::create(&mut tx, organisation, &name, app.now())
            .await
            .unwrap();
        let mut cast = Self {
            parameters: BTreeMap::from([("organisation", organisation.to_string())]),
            administrator: UserId(0),
            browsers: Vec::new(),
            tokens: Vec::new(),
        };
        for visitor in VISITORS {
            let mut browser = site.browser();
            let mut token = None;
            if visitor != Visitor::SignedOut {
                let user = person(site, &mut tx).await;
                if let Visitor::Member(role) = visitor {
                    store::memberships::add(&mut tx, organisation, user, role, How::Founded, app.now())
                        .await
                        .unwrap();
                }
                browser.take_session(&session(site, &mut tx, user).await);
                token = Some(api_token(site, &mut tx, user).await);
                cast.administrator = user;
            }
            cast.browsers.push(browser);
            cast.tokens.push(token);
        }
        cast.furnish(site, &mut tx, organisation).await;
        tx.commit().await.unwrap();
        cast
    }

    /// A project with a metric and a DSN, and an invitation and a code that hold.
    async fn furnish(&mut self, site: &Site, tx: &mut Tx, organisation: OrganisationId) {
        let app = &site.app;
        let (now, random) = (app.now(), &app.random);
        let name = Name::new("Difference").unwrap();
        let project = ProjectId::from_random(random.bits());
        store::projects::create(tx, project, organisation, &name, now)
            .await
            .unwrap();
        let dsn = DsnId::from_random(random.bits());
        let key = PublicKey::from_random(random.bytes());
        store::dsns::create(tx, dsn, project, key, &name, now).await.unwrap();
        let metric = MetricId::from_random(random.bits());
        let cart = MetricName::new("Cart").unwrap();
        store::metrics::upsert(tx, metric, project, &cart, MetricType::Counter, now)
            .await
            .unwrap();
        let by = self.administrator;
        let annotation = AnnotationId::from_random(random.bits());
        let content = Content::new(Kind::Note, "Works", "", (now, None), now).unwrap();
        let added = store::annotations::add(tx, annotation, (project, None), &content, by, now).await;
        assert_eq!(added.unwrap(), Addition::Added);
        let import = ImportId::from_random(random.bits());
        let new = NewImport {
            id: import,
            project,
            user: by,
            file_name: "orders.csv",
            size: 10,
            modified: 0,
        };
        assert!(store::imports::create(tx, new, now).await.unwrap());
        let invitation = InvitationId::from_random(random.bits());
        let (mailed, copied) = (Secret::token(random), Secret::token(random));
        let new = NewInvitation {
            id: invitation,
            email: EmailAddress::new(&format!("{invitation}@example.com")).unwrap(),
            mailed_hash: mailed.hash(),
            copied_hash: copied.hash(),
        };
        let invited = store::invitations::create(tx, organisation, by, Role::Member, &[new], now).await;
        invited.unwrap().unwrap();
        let code = CodeId::from_random(random.bits());
        let new = NewCode {
            id: code,
            code_hash: random.bytes(),
            last_four: "ABCD",
            terms: Terms::new(Role::Member, DAY, 10).unwrap(),
        };
        store::invitation_codes::create(tx, organisation, by, new, now)
            .await
            .unwrap();
        let user = person(site, tx).await;
        store::memberships::add(tx, organisation, user, Role::Viewer, How::Founded, now)
            .await
            .unwrap();
        self.parameters.extend([
            ("user", user.to_string()),
            ("project", project.to_string()),
            ("dsn", dsn.to_string()),
            ("metric", metric.to_string()),
            ("annotation", annotation.to_string()),
            ("invitation", invitation.to_string()),
            ("code", code.to_string()),
            ("import", import.to_string()),
            ("token", mailed.reveal().to_owned()),
            ("session", SessionId::from_random(random.bits()).to_string()),
            ("page", "getting-started".to_owned()),
        ]);
        self.pin_up(site, tx, organisation, (project, metric)).await;
    }

    /// A board with a chart, and a public link to it.
    async fn pin_up(
        &mut self,
        site: &Site,
        tx: &mut Tx,
        organisation: OrganisationId,
        (project, metric): (ProjectId, MetricId),
    ) {
        let (now, random, by) = (site.app.now(), &site.app.random, self.administrator);
        let name = Name::new("Difference").unwrap();
        let board = BoardId::from_random(random.bits());
        let new = NewBoard {
            id: board,
            name: &name,
            is_shared: true,
            range: Preset::Day,
        };
        assert!(store::boards::create(tx, organisation, by, new, now).await.unwrap());
        let chart = ChartId::from_random(random.bits());
        let said = Said {
            title: None,
            width: Width::Half,
            picture: Picture::Chart,
            own_time: false,
        };
        let new = NewChart {
            id: chart,
            project,
            metric,
            said,
            view: "",
        };
        store::boards::add_chart(tx, board, new).await.unwrap();
        let share = ShareId::from_random(random.bits());
        let new = NewShare {
            id: share,
            what: &What::Board(board),
            token_hash: random.bytes(),
            last_four: "abcd",
            names_organisation: false,
            expires_at: None,
        };
        store::shares::create(tx, organisation, by, new, now).await.unwrap();
        self.parameters.extend([
            ("board", board.to_string()),
            ("chart", chart.to_string()),
            ("share", share.to_string()),
        ]);
    }

    /// What this visitor is answered.
    async fn visit(&mut self, visitor: usize, method: &Method, pattern: &str) -> StatusCode {
        let path = self.path(pattern);
        let browser = &mut self.browsers[visitor];
        if pattern.starts_with("/api/") {
            let mut request = Request::builder().method(method).uri(&path);
            if let Some(token) = &self.tokens[visitor] {
                request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.reveal()));
            }
            return browser.send(request, Body::empty()).await.status;
        }
        if method == Method::GET {
            return browser.fetch(&path).await.status;
        }
        browser.open(if visitor == 0 { "/sign-in" } else { "/nothing" }).await;
        browser.post(&path, fields(pattern)).await.status
    }

    fn path(&self, pattern: &str) -> String {
        let mut path = pattern.to_owned();
        for (name, value) in &self.parameters {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        assert!(!path.contains('{'), "nothing stands for a parameter of {pattern}");
        path
    }
}

#[tokio::test]
async fn every_route_answers_every_visitor_as_the_table_says() {
    let site = Site::new().await;
    let mut wrong = Vec::new();
    for (method, path) in microstat::router::routes() {
        // nobody is slowed down for what was tried in the row before
        site.app.clock.advance(HOUR);
        let row = TABLE.iter().find(|row| row.0 == method.as_str() && row.1 == path);
        let mut cast = Cast::new(&site).await;
        let mut answered = [0; 5];
        for (visitor, status) in answered.iter_mut().enumerate() {
            *status = cast.visit(visitor, &method, path).await.as_u16();
        }
        if row.is_none_or(|row| row.2 != answered) {
            wrong.push(format!("    (\"{method}\", \"{path}\", {answered:?}),"));
        }
    }
    assert!(
        wrong.is_empty(),
        "not as the table says, or not in it:\n{}",
        wrong.join("\n")
    );
}

/// An Administrator here asks for things there: the path begins in their own organisation and ends in another.
#[tokio::test]
async fn what_is_of_another_organisation_is_not_found_through_my_own() {
    let site = Site::new().await;
    let mut wrong = Vec::new();
    for (method, path) in microstat::router::routes() {
        let inner: Vec<&str> = path.split('/').filter(|part| part.starts_with('{')).skip(1).collect();
        if inner.is_empty() {
            continue;
        }
        let (mut mine, theirs) = (Cast::new(&site).await, Cast::new(&site).await);
        let mut answers = Vec::new();
        for exists in [true, false] {
            for part in &inner {
                let name = part.trim_matches(['{', '}']);
                let (name, value) = theirs.parameters.get_key_value(name).unwrap();
                let value = if exists { value.clone() } else { "0123456789".to_owned() };
                mine.parameters.insert(name, value);
            }
            answers.push(mine.visit(4, &method, path).await);
        }
        // an invitation that isn't pending is "answered, replaced or revoked meanwhile", whosever it was
        let not_there = [StatusCode::NOT_FOUND, StatusCode::CONFLICT].contains(&answers[0]);
        if !not_there || answers[0] != answers[1] {
            wrong.push(format!("{method} {path}: {answers:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_row_of_the_table_is_a_route() {
    let routes = microstat::router::routes();
    for (method, path, _) in TABLE {
        assert!(
            routes.iter().any(|route| route.0 == *method && route.1 == *path),
            "{method} {path}"
        );
    }
}

async fn person(site: &Site, tx: &mut Tx) -> UserId {
    let id = UserId::from_random(site.app.random.bits());
    let new = NewUser {
        id,
        name: &Name::new("Somebody").unwrap(),
        email: &EmailAddress::new(&format!("{id}@example.com")).unwrap(),
        email_verified_at: Some(site.app.now()),
        password_hash: "none",
    };
    assert!(store::users::create(tx, new, site.app.now()).await.unwrap());
    id
}

async fn session(site: &Site, tx: &mut Tx, user: UserId) -> Secret {
    let token = Secret::token(&site.app.random);
    let new = NewSession {
        id: SessionId::from_random(site.app.random.bits()),
        user,
        token_hash: token.hash(),
        user_agent: "test",
        address: "127.0.0.1",
    };
    store::sessions::create(tx, new, site.app.now()).await.unwrap();
    token
}

async fn api_token(site: &Site, tx: &mut Tx, user: UserId) -> Secret {
    let token = Secret::token(&site.app.random);
    let new = NewToken {
        id: TokenId::from_random(site.app.random.bits()),
        user,
        organisation: None,
        role: Role::Administrator,
        name: &Name::new("test").unwrap(),
        token_hash: token.hash(),
        last_four: "abcd",
    };
    assert!(store::api_tokens::create(tx, new, site.app.now()).await.unwrap());
    token
}
