//! Coverage: each route of the table is called well, wrongly and without a token. What is not covered stands in
//! `uncovered.txt`, which may only shrink.

use std::collections::BTreeSet;

use http::Method;
use membrane_mock::call::router::{Access, Route};
use serde_json::{Value, json};

use crate::edge::calls::{called_well, good_body, prepared, query_of};
use crate::support::routes::{differs, filled, method_of, named};
use crate::support::{Answer, Api, Bed, answer};

const UNCOVERED: &str = include_str!("uncovered.txt");

/// Calls a route about what does not exist, or with what it cannot read.
async fn called_wrongly(bed: &Bed, route: &Route) -> Answer {
    let claims = json!({"workspaceKey": bed.ws.key(), "tenantKey": "demo-tenant", "isAdmin": true});
    let api = match route.path.as_str() {
        // All that can be wrong with it is that its caller is no tenant.
        "/embed/main" | "/isolated-embed/main" => bed.manager(),
        _ => bed.bearing(&claims),
    };
    let method = method_of(route);
    let path = filled(&route.path, |_| "nope".into());
    let query = match query_of(&route.path, true) {
        query if query.is_empty() && *path == route.path => "?limit=0&timeout=0&status=x".to_owned(),
        query => query,
    };
    let names_something =
        path != route.path || query.starts_with("?key") || query.starts_with("?id") || query.contains("parentKey");
    // A file may have any bytes, and has some.
    let body = if route.path == "/files" {
        String::new()
    } else if names_something {
        good_body(&method, &route.path).to_string()
    } else {
        "{\"broken\":".to_owned()
    };
    let mut request = api.request(method.clone(), &format!("{path}{query}")).header("content-type", "application/json");
    if method != Method::GET && method != Method::DELETE {
        request = request.body(body);
    }
    answer(request).await
}

#[tokio::test]
async fn every_route_has_a_success_an_error_and_an_auth_test_or_a_line_that_says_not() {
    let bed = Bed::start().await;
    let base = prepared(&bed).await;
    let (nobody, tenant) = (bed.nobody(), bed.demo());
    let (mut missing, mut answers) = (BTreeSet::new(), Vec::new());
    let documented = bed.nobody().ok(Method::GET, "/docs-json", Value::Null).await;

    for route in membrane_mock::edge::routes() {
        let (name, method) = (named(&route), method_of(&route));
        let mut anything = filled(&route.path, |_| "x".into());
        if route.access == Access::Optional {
            // It takes callers without a token, and none with a wrong one.
            anything.push_str("?token=wrong");
        }
        let refused = nobody.call(method.clone(), &anything, None).await;
        let authorized = match route.access {
            Access::Public => ![401, 403].contains(&refused.0),
            Access::Anyone | Access::Form | Access::Control | Access::Optional => refused.0 == 401,
            Access::Manager => {
                // Where readers need no manager's token, this is the route of those who change something.
                let method = route.method.clone().unwrap_or(Method::PATCH);
                refused.0 == 401 && tenant.call(method, &anything, None).await.0 == 403
            }
        };
        if !authorized {
            missing.insert(format!("auth {name}"));
        }
        let (status, body) = called_wrongly(&bed, &route).await;
        // A page says it in words.
        if let Some(why) = differs(&documented, &route, status, &body).filter(|_| body.is_object()) {
            missing.insert(format!("schema {name}"));
            answers.push(format!("{name} answered {status}, and {why}: {body}"));
        }
        if !(if route.is_faked() {
            (400..500).contains(&status) && status != 401 && status != 403
        } else {
            status == 501
        }) {
            missing.insert(format!("error {name}"));
        }
        if route.is_faked() {
            let (status, body) = called_well(&bed, &base, &route).await;
            if let Some(why) = differs(&documented, &route, status, &body) {
                missing.insert(format!("schema {name}"));
                answers.push(format!("{name} answered {status}, and {why}: {body}"));
            }
            if !(200..400).contains(&status) {
                missing.insert(format!("success {name}"));
                answers.push(format!("{name} answered {status}: {body}"));
            }
        }
    }

    let known: BTreeSet<String> =
        UNCOVERED.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect();
    let newly: Vec<_> = missing.difference(&known).collect();
    let covered: Vec<_> = known.difference(&missing).collect();
    assert!(newly.is_empty(), "not covered: {newly:#?}, for {answers:#?}");
    assert!(covered.is_empty(), "covered by now; take these lines out of uncovered.txt: {covered:#?}");
}

#[test]
fn every_route_says_where_it_is_documented() {
    for route in membrane_mock::edge::routes() {
        assert!(!route.source.is_empty(), "{route:?}");
    }
}

#[tokio::test]
async fn no_body_makes_a_route_fail_inside() {
    let bed = Bed::start().await;
    let base = prepared(&bed).await;
    let bodies = [
        json!(null),
        json!([]),
        json!("text"),
        json!(7),
        json!({"key": null, "name": null, "type": null, "config": null, "inputSchema": null, "meta": null}),
        json!({"key": "", "name": "", "connectorKey": "", "intent": "", "connectionKey": ""}),
        json!({"key": 1, "name": [], "meta": "m", "fields": 3, "settings": [], "credentials": "c", "config": []}),
        json!({"name": "n", "fields": null, "credentials": null, "settings": null, "publicKeys": null, "input": null}),
        json!({"name": "\u{0}\u{7f}\"';--<script>", "key": "k\u{0}", "internalId": "\u{0}"}),
        json!({"name": "n".repeat(100_000), "intent": "i ".repeat(50_000), "connectorKey": "slack"}),
        json!({"key": "x", "inputSchema": {"$ref": "#/nowhere"}, "type": "run-javascript"}),
        json!({"key": "y", "inputSchema": {"$ref": "http://10.0.0.1/schema.json"}, "type": "run-javascript"}),
        json!({"key": "z", "inputSchema": {"properties": {"a": {"pattern": "("}}}, "type": "run-javascript"}),
        json!({"appUrl": "http://[", "redirectUri": "::", "connectorKey": "slack", "externalAppId": {}}),
    ];

    for route in membrane_mock::edge::routes() {
        let method = method_of(&route);
        if !route.is_faked() || route.access == Access::Public || method == Method::GET || method == Method::DELETE {
            continue;
        }
        let space = base.fork().await.unwrap();
        let claims = json!({"workspaceKey": space.key(), "tenantKey": "demo-tenant", "isAdmin": true});
        let api = Api::bearing(&space, &claims);
        let owner = route.path.clone();
        let path = filled(&route.path, |name| match (name, owner.split('/').nth(1).unwrap_or_default()) {
            ("connection", _) => "github-dev".into(),
            (_, "workspaces") => space.key().to_owned(),
            (_, "connectors" | "external-apps") => "own".into(),
            (_, "customers" | "tenants" | "users") => "acme".into(),
            ("integration", _) | (_, "integrations") if !owner.contains("/actions/") => "github".into(),
            ("integration", _) => "github".into(),
            (_, _) => "task".into(),
        });
        for body in &bodies {
            let (status, answer) =
                api.call(method.clone(), &format!("{path}{}", query_of(&route.path, false)), Some(body)).await;
            let shown: String = body.to_string().chars().take(120).collect();

            assert!(status < 500 || status == 501, "{method} {path} {shown}: {status} {answer}");
            if body.get("secret").is_none() {
                assert_eq!(api.get("/self").await.0, 200, "{method} {path} {shown}");
            }
        }
    }
}
