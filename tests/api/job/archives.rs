//! What a workspace defines goes out as an archive and comes in as one.

use std::io::{Cursor, Read as _};

use http::Method;
use serde_json::{Value, json};

use crate::support::jobs::{Files, one, over, upload, zipped};
use crate::support::{Api, Bed, answer, id, message, verdict};

fn unzipped(bytes: &[u8]) -> Files {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let count = archive.len();
    let read = |index: usize| {
        let mut file = archive.by_index(index).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        (file.name().unwrap().into_owned(), text)
    };
    (0..count).map(read).collect()
}

/// What the workspace defines.
async fn exported(bed: &Bed, api: &Api) -> Files {
    let begun = api.ok(Method::GET, "/export", Value::Null).await;
    let job = over(api, &begun).await;
    assert_eq!((&job["status"], &job["progress"]), (&json!("completed"), &json!(100)), "{job}");
    fetched(bed, &job).await
}

async fn fetched(bed: &Bed, job: &Value) -> Files {
    let at = job["result"]["downloadUrl"].as_str().unwrap();
    let response = bed.nobody().request(Method::GET, at).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"application/zip".parse().unwrap())
    );
    unzipped(&response.bytes().await.unwrap())
}

async fn imported(api: &Api, query: &str, archive: &[u8]) -> Value {
    let begun = answer(upload(api, query, &[], archive)).await;
    assert_eq!(begun.0, 200, "{begun:?}");
    over(api, &begun.1).await
}

/// An integration with an action and a secret, and a universal action.
async fn defined(api: &Api) {
    let code = json!({"code": "module.exports = () => 'made'"});
    let own = json!({"name": "Own", "key": "own", "type": "client-credentials", "baseUri": "https://own.example"});
    api.ok(Method::POST, "/connectors", own).await;
    let parameters = json!({"clientId": "c-1", "clientSecret": "not-to-be-told"});
    let integration = json!({"key": "mine", "name": "Mine", "connectorKey": "own", "parameters": parameters});
    api.ok(Method::POST, "/integrations", integration).await;
    let task = json!({"key": "task", "name": "Task", "type": "run-javascript", "config": code});
    api.ok(Method::POST, "/actions", task.clone()).await;
    let of_mine = json!({"integrationKey": "mine", "inputSchema": {"type": "object"}});
    let of_mine = task.as_object().unwrap().clone().into_iter().chain(of_mine.as_object().unwrap().clone()).collect();
    api.ok(Method::POST, "/actions", Value::Object(of_mine)).await;
    let nodes = json!({
        "start": {"type": "api-trigger", "links": [{"key": "run"}]},
        "run": {"type": "run-action", "config": {"actionKey": "task"}},
    });
    let flow = json!({"key": "sync", "name": "Sync", "enabled": false, "nodes": nodes});
    api.ok(Method::POST, "/integrations/mine/flows", flow).await;
    let person = json!({"key": "person", "name": "Person", "schema": {"type": "object"}, "code": "// none"});
    api.ok(Method::POST, "/app-data-schemas", person).await;
}

#[tokio::test]
async fn what_a_workspace_defines_works_in_another_one() {
    let (bed, other) = (Bed::bare().await, Bed::bare().await);
    let (api, there) = (bed.manager(), other.manager());
    defined(&api).await;

    let files = exported(&bed, &api).await;
    let job = imported(&there, "", &zipped(&files)).await;
    let again = imported(&there, "", &zipped(&files)).await;

    let paths: Vec<&str> = files.keys().map(String::as_str).collect();
    let all = [
        "actions/task/spec.yaml",
        "app-data-schemas/person/spec.yaml",
        "connectors/own/spec.yaml",
        "integrations/mine/actions/task/spec.yaml",
        "integrations/mine/flows/sync/spec.yaml",
        "integrations/mine/spec.yaml",
    ];
    assert_eq!(paths, all);
    let text = files.values().cloned().collect::<String>();
    assert!(!text.contains("c-1") && !text.contains("not-to-be-told"), "parameters stay: {text}");
    let places = json!([
        "connectors/own",
        "actions/task",
        "app-data-schemas/person",
        "integrations/mine",
        "integrations/mine/actions/task",
        "integrations/mine/flows/sync",
    ]);
    let none = json!([]);
    assert_eq!((&job["result"]["created"], &job["result"]["unchanged"]), (&places, &none), "{job}");
    assert_eq!((&again["result"]["created"], &again["result"]["unchanged"]), (&none, &places), "{again}");
    assert_eq!(again["result"]["updated"], none, "{again}");
    assert_eq!(exported(&other, &there).await, files);
    let (here, mine) = (api.get("/integrations/mine").await.1, there.get("/integrations/mine").await.1);
    assert_eq!((&here["uuid"], &mine["name"], &mine["connectorKey"]), (&mine["uuid"], &json!("Mine"), &json!("own")));
    let acme = other.tenant("acme");
    let input = json!({"integrationKey": "mine", "connectionKey": "mine-1", "input": {"apiKey": "k"}});
    assert_eq!(acme.ok(Method::POST, "/connect", input).await["state"], "READY");
    let ran = acme.ok(Method::POST, "/act", json!({"key": "task", "connectionKey": "mine-1"})).await;
    assert_eq!(ran["output"], "made");
    let person = there.get("/app-data-schemas/person").await.1;
    assert_eq!((&person["schema"], &person["code"]), (&json!({"type": "object"}), &json!("// none")));
    let flow = there.get("/integrations/mine/flows/sync").await.1;
    assert_eq!((&flow["enabled"], &flow["nodes"]["run"]["config"]["actionKey"]), (&json!(false), &json!("task")));
    let run = acme.ok(Method::POST, "/connections/mine-1/flows/sync/run", json!({})).await;
    other.ws.settle().await.unwrap();
    assert_eq!(acme.get(&format!("/flow-runs/{}/output/run", id(&run))).await.1, json!(["made"]));
}

#[tokio::test]
async fn an_import_changes_what_differs_and_archives_what_is_missing_unless_partial() {
    let bed = Bed::bare().await;
    let api = bed.manager();
    defined(&api).await;
    let all = exported(&bed, &api).await;
    let action = id(&api.get("/actions/task").await.1);
    let changed = all["integrations/mine/spec.yaml"].replace("Mine", "Yours");
    let some: Files = one("integrations/mine/spec.yaml", &changed);

    let dry = imported(&api, "?dryRun=true&partial=false&diff=true&force=false", &zipped(&some)).await;
    let untouched = exported(&bed, &api).await;
    let dry_by_form = answer(upload(&api, "", &[("dryRun", "true")], &zipped(&some))).await.1;
    let dry_by_form = over(&api, &dry_by_form).await;
    let partial = imported(&api, "?partial=true", &zipped(&some)).await;
    let kept = exported(&bed, &api).await;
    let whole = imported(&api, "", &zipped(&some)).await;
    let left = exported(&bed, &api).await;
    let back = imported(&api, "", &zipped(&all)).await;

    let gone = json!([
        "integrations/mine/actions/task",
        "integrations/mine/flows/sync",
        "actions/task",
        "app-data-schemas/person"
    ]);
    let (updated, none) = (json!(["integrations/mine"]), json!([]));
    for (job, is_dry) in [(&dry, true), (&dry_by_form, true), (&partial, false)] {
        let result = &job["result"];
        assert_eq!((&result["updated"], &result["dryRun"]), (&updated, &json!(is_dry)), "{job}");
    }
    assert_eq!((&dry["result"]["archived"], &partial["result"]["archived"]), (&gone, &none));
    assert_eq!(untouched, all);
    assert_eq!((kept.len(), kept["integrations/mine/spec.yaml"].contains("Yours")), (all.len(), true));
    assert_eq!((&whole["result"]["archived"], &whole["result"]["unchanged"]), (&gone, &updated));
    assert_eq!(left.keys().collect::<Vec<_>>(), ["connectors/own/spec.yaml", "integrations/mine/spec.yaml"]);
    assert_eq!(back["result"]["updated"].as_array().unwrap().len(), 5, "{back}");
    assert_eq!(exported(&bed, &api).await, all);
    assert_eq!(id(&api.get("/actions/task").await.1), action, "it is the same as before");
    let parameters = api.get("/integrations/mine/parameters").await.1;
    assert!(parameters["clientSecret"]["value"].is_string(), "parameters that are there stay: {parameters}");
}

#[tokio::test]
async fn an_import_that_cannot_be_done_fails_and_changes_nothing() {
    let bed = Bed::bare().await;
    let api = bed.manager();
    defined(&api).await;
    let before = exported(&bed, &api).await;
    let mut files = one("integrations/x/spec.yaml", "connectorKey: githb\n");
    files.insert("actions/new/spec.yaml".into(), "type: run-javascript\n".into());

    let job = imported(&api, "", &zipped(&files)).await;

    assert_eq!((&job["status"], job.get("result")), (&json!("failed"), None), "{job}");
    let why = job["error"]["message"].as_str().unwrap();
    assert!(why.contains("integrations/x/spec.yaml") && why.contains("`github`"), "{why}");
    assert_eq!(exported(&bed, &api).await, before);
}

#[tokio::test]
async fn what_is_no_archive_is_refused_at_once() {
    let bed = Bed::bare().await;
    let api = bed.manager();
    let import = async |archive: &[u8]| answer(upload(&api, "", &[], archive)).await;

    for (refused, says) in [
        (import(b"not a zip").await, "no zip archive"),
        (import(&zipped(&Files::new())).await, "it has no element"),
        (import(&zipped(&one("connections/x.yaml", "key: x\n"))).await, "nothing that a workspace defines"),
        (import(&zipped(&one("actions/x/spec.yaml", "type: magic\n"))).await, "actions/x/spec.yaml:1: field `type`"),
        (import(&zipped(&one("what/is/this.yaml", "a: 1\n"))).await, "what/is/this.yaml"),
        (api.post("/import", json!({})).await, "`file` of a multipart/form-data body"),
        (
            answer(
                api.request(Method::POST, "/import")
                    .header("content-type", "multipart/form-data; boundary=e")
                    .body("--e--\r\n"),
            )
            .await,
            "it has no `file`",
        ),
        (api.get("/background-jobs/nope").await, "`<jobId>:<accessKey>`"),
    ] {
        assert_eq!(refused.0, 400, "{says}: {refused:?}");
        assert!(message(&refused).contains(says), "{says}: {refused:?}");
    }
    for missing in ["/background-jobs/a:b", "/background-jobs/a:a", "/downloads/none", "/downloads/YS9iL2M"] {
        assert_eq!(verdict(&api.get(missing).await), "404 bad_request/not_found", "{missing}");
    }
}

#[tokio::test]
async fn fields_without_a_meaning_are_passed_over_and_said() {
    let bed = Bed::bare().await;
    let mut files = one("root/actions/a/spec.yaml", "name: A\ntype: run-javascript\ncolour: red\n");
    files.insert("root/README.md".into(), "# Elements\n".into());

    let job = imported(&bed.manager(), "", &zipped(&files)).await;

    assert_eq!(job["result"]["created"], json!(["actions/a"]), "{job}");
    assert_eq!(job["result"]["passedOver"], json!(["actions/a/spec.yaml: field `colour`"]));
}

#[tokio::test]
async fn keys_that_no_folder_can_have_and_elements_that_no_export_has_come_through() {
    let bed = Bed::bare().await;
    let api = bed.manager();
    let code = json!({"code": "module.exports = () => 1"});
    for key in ["a/b", "..", "../../x", "50%", "v1.2 beta", ".hidden"] {
        api.ok(Method::POST, "/actions", json!({"key": key, "type": "run-javascript", "config": code})).await;
    }
    let app = api.ok(Method::POST, "/external-apps", json!({"name": "Lonely", "key": "lonely"})).await;
    let lonely = json!({"key": "lonely", "name": "Lonely", "externalAppId": app["id"]});
    api.ok(Method::POST, "/integrations", lonely).await;
    let of_lonely = json!({"key": "task", "integrationKey": "lonely", "type": "run-javascript", "config": code});
    api.ok(Method::POST, "/actions", of_lonely).await;

    let files = exported(&bed, &api).await;
    let job = imported(&api, "", &zipped(&files)).await;
    let there = Bed::bare().await;
    let moved = imported(&there.manager(), "", &zipped(&files)).await;

    let is_of_key = |path: &String| path.starts_with("actions/") && path.split('/').count() == 3;
    assert!(files.keys().all(|path| is_of_key(path) || path == "external-apps/lonely.yaml"), "{files:?}");
    assert_eq!((&job["result"]["archived"], &job["result"]["updated"]), (&json!([]), &json!([])), "{job}");
    assert_eq!(job["result"]["unchanged"].as_array().unwrap().len(), 7, "{job}");
    assert_eq!(moved["result"]["created"], job["result"]["unchanged"], "{moved}");
    assert_eq!(api.get("/integrations/lonely/actions/task").await.0, 200, "what no export has is let be");
}

#[tokio::test]
async fn a_connector_keeps_its_app_and_its_owner_and_takes_no_other_ones_place() {
    let (bed, other) = (Bed::bare().await, Bed::bare().await);
    let (api, there) = (bed.manager(), other.manager());
    let app = api.ok(Method::POST, "/external-apps", json!({"name": "Mine", "key": "mine"})).await;
    let own = json!({"name": "Own", "key": "own", "type": "client-credentials", "externalAppId": app["id"]});
    api.ok(Method::POST, "/connectors", own).await;
    api.ok(Method::PATCH, "/connectors/github", json!({"key": "gh"})).await;
    let gh = id(&api.get("/connectors/gh").await.1);

    let all = exported(&bed, &api).await;
    let same = imported(&api, "", &zipped(&all)).await;
    let without = imported(&there, "", &zipped(&all)).await;
    let github = all["connectors/gh/spec.yaml"].replace("key: gh\n", "key: github\n");
    let beside = imported(&api, "?partial=true", &zipped(&one("connectors/github/spec.yaml", &github))).await;

    assert_eq!(same["result"]["unchanged"], json!(["external-apps/mine", "connectors/gh", "connectors/own"]), "{same}");
    let kept = api.get("/connectors/own").await.1;
    assert_eq!((&kept["externalAppId"], &kept["isPublic"]), (&app["id"], &json!(false)), "{kept}");
    assert_eq!(without["result"]["created"], same["result"]["unchanged"], "{without}");
    let moved = there.get("/connectors/own").await.1;
    assert_eq!(moved["externalAppId"], there.get("/external-apps/mine").await.1["id"], "{moved}");
    assert_eq!(beside["result"]["created"], json!(["connectors/github"]), "{beside}");
    assert_eq!(id(&api.get("/connectors/gh").await.1), gh);
    assert_ne!(id(&api.get("/connectors/github").await.1), gh);
}

#[tokio::test]
async fn an_imported_action_customises_the_universal_one() {
    let bed = Bed::bare().await;
    let api = bed.manager();
    let mut files = one("actions/task/spec.yaml", "type: run-javascript\n");
    files.insert("integrations/github/spec.yaml".into(), "connectorKey: github\n".into());
    files.insert("integrations/github/actions/task/spec.yaml".into(), "type: run-javascript\n".into());

    imported(&api, "", &zipped(&files)).await;
    let again = imported(&api, "", &zipped(&files)).await;

    let universal = id(&api.get("/actions/task").await.1);
    let parent = api.get("/integrations/github/actions/task").await.1["universalParentId"].clone();
    assert_eq!(parent, json!(universal));
    assert_eq!(again["result"]["unchanged"].as_array().unwrap().len(), 3, "{again}");
}

#[tokio::test]
async fn little_text_that_is_much_is_refused_and_the_server_goes_on() {
    let bed = Bed::bare().await;
    let api = bed.manager();
    let deep = format!("key: a\ndescripton:\n{}1\n", "- ".repeat(100_000));
    let ones = "1,".repeat(2_000);
    let much = format!("inputSchema:\n  a: &a [{ones}]\n  b: [{}]\n", "*a,".repeat(2_000));

    let brackets = format!("descripton: {}{}\n", "[".repeat(50_000), "]".repeat(50_000));
    let schema = format!("inputSchema: {}{}\n", "[".repeat(50_000), "]".repeat(50_000));

    for (text, says) in [
        (&deep, "nests deeper than 100 levels"),
        (&much, "more than 1000000 values"),
        (&brackets, "actions/a/spec.yaml"),
        (&schema, "actions/a/spec.yaml"),
    ] {
        let refused = answer(upload(&api, "", &[], &zipped(&one("actions/a/spec.yaml", text)))).await;
        assert_eq!((refused.0, message(&refused).contains(says)), (400, true), "{refused:?}");
        let story = format!("name: x\nsteps:\n- do:\n  - progress:\n{text}", text = text.replace('\n', "\n      "));
        let refused = bed.nobody().request(Method::POST, &format!("/__mock/workspaces/{}/scenarios", bed.ws.key()));
        let refused = answer(refused.header("content-type", "application/json").body(story)).await;
        assert_eq!(refused.0, 400, "{refused:?}");
    }
    assert_eq!(api.get("/self").await.0, 200);
}
