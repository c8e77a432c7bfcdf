//! What goes into an action and what comes out: schemas, formulas, mappings.

use http::Method;
use membrane_mock::testing::Stub;
use serde_json::{Value, json};

use crate::support::definitions::{says, says_as, with};
use crate::support::{Bed, verdict};

#[tokio::test]
async fn input_is_held_against_the_schema_and_extra_properties_are_ignored() {
    let bed = Bed::exact().await;
    let schema = json!({
        "type": "object", "required": ["title"],
        "properties": {"title": {"type": "string"}, "labels": {"type": "array", "items": {"type": "string"}}},
    });
    let echo = json!({
        "key": "echo", "type": "run-javascript", "inputSchema": schema,
        "config": {"code": "module.exports = ({ input }) => input"},
    });
    bed.action(echo).await;
    let act = async |input: Value| bed.demo().post("/act", json!({"key": "echo", "input": input})).await;

    let fine = act(json!({"title": "t", "more": 1})).await;
    let missing = act(json!({})).await;
    let deep = act(json!({"title": 1, "labels": ["a", 2]})).await;

    assert_eq!((fine.0, &fine.1["output"]["title"]), (200, &json!("t")));
    insta::assert_snapshot!(bed.shown(&missing), @r#"
    400 {
      "type": "bad_request",
      "message": "the input of action `Echo` does not match its schema at `$`: \"title\" is a required property",
      "data": {
        "errors": [
          {
            "path": "$",
            "message": "\"title\" is a required property"
          }
        ],
        "actionRunId": "5aeec5a738363197fc139c5c",
        "see": "BASE/__mock/workspaces/membrane-mock-demo/runs/5aeec5a738363197fc139c5c"
      },
      "actionRunId": "5aeec5a738363197fc139c5c"
    }
    "#);
    assert_eq!(deep.1["data"]["errors"].as_array().unwrap().len(), 2);
    assert_eq!(verdict(&deep), "400 bad_request/-");
}

#[tokio::test]
async fn formulas_are_worked_out_and_a_name_that_is_none_is_data() {
    let bed = Bed::start().await;
    let stub = Stub::post("/x/7").query("q", "go").body(json!({"n": 3, "deep": [{"s": "go"}]})).json(200, json!("ok"));
    bed.ws.upstream("github").stub(stub).await.unwrap();
    let action = |key: &str, body: Value| {
        let request = json!({
            "method": "POST", "path": {"$tpl": {"template": "/x/{id}", "values": {"id": {"$var": "$.input.id"}}}},
            "query": {"q": {"$var": "$.input.q"}, "none": {"$var": "$.input.none"}}, "body": body,
        });
        json!({
            "key": key, "integrationKey": "github", "type": "api-request-to-external-app", "config": {"request": request},
        })
    };
    let body = json!({"n": {"$var": "$.input.n"}, "deep": [{"s": {"$var": "input.q"}}], "gone": {"$var": "$.input.z"}});
    bed.action(action("known", body)).await;
    bed.action(action("unknown", json!({"n": {"$frobnicate": {"$var": "$.input.n"}}}))).await;
    let demo = bed.demo();
    let input = json!({"id": 7, "q": "go", "n": 3});

    let known = demo.post("/act", json!({"key": "github.known", "input": input})).await;
    demo.post("/act", json!({"key": "github.unknown", "input": input})).await;

    assert_eq!((known.0, &known.1["output"]), (200, &json!("ok")));
    let sent = bed.ws.upstream("github").requests();
    assert_eq!(sent.last().unwrap().body, Some(json!({"n": {"$frobnicate": 3}})));
}

#[tokio::test]
async fn output_mapping_shapes_what_is_answered() {
    let bed = Bed::start().await;
    let mut action = says("word");
    action["outputMapping"] = json!({"said": {"$var": "$.output"}, "to": {"$var": "$.input.name"}});
    bed.action(with(action, &json!({"key": "greet"}))).await;

    let ran = bed.demo().ok(Method::POST, "/act", json!({"key": "greet", "input": {"name": "mia"}})).await;

    assert_eq!(ran["output"], json!({"said": "word", "to": "mia"}));
}

#[tokio::test]
async fn a_schema_that_refers_to_itself_or_elsewhere_harms_nothing() {
    let bed = Bed::start().await;
    let tree = json!({"$ref": "#/$defs/t", "$defs": {"t": {
        "type": "object", "properties": {"child": {"$ref": "#/$defs/t"}, "name": {"type": "string"}},
    }}});
    let mut body = says_as("fine", "tree");
    body["inputSchema"] = tree;
    bed.action(body).await;
    let demo = bed.demo();

    let right = demo.post("/act", json!({"key": "tree", "input": {"child": {"child": {"name": "x"}}}})).await;
    let wrong = demo.post("/act", json!({"key": "tree", "input": {"child": {"child": {"name": 1}}}})).await;
    let mut remote = says_as("x", "remote");
    remote["inputSchema"] = json!({"$ref": "http://10.0.0.1/schema.json"});
    let refused = bed.manager().post("/actions", remote).await;

    assert_eq!((right.0, wrong.0, refused.0), (200, 400, 400), "{right:?} {wrong:?} {refused:?}");
    assert!(wrong.1["data"]["errors"][0]["path"].as_str().unwrap().contains("child.child.name"), "{wrong:?}");
}

#[tokio::test]
async fn extra_properties_are_ignored_also_where_a_nested_alternative_forbids_them() {
    let bed = Bed::start().await;
    let only = |name: &str| {
        json!({
            "type": "object", "required": [name], "properties": {name: {"type": "string"}},
            "additionalProperties": false,
        })
    };
    let mut body = says_as("fine", "who");
    body["inputSchema"] =
        json!({"type": "object", "required": ["who"], "properties": {"who": {"anyOf": [only("id"), only("email")]}}});
    bed.manager().ok(Method::POST, "/actions", body).await;

    for (who, status) in [
        (json!({"id": "a"}), 200),
        (json!({"id": "a", "more": 1}), 200),
        (json!({"email": "a@b.example", "more": {"deep": true}}), 200),
        (json!({"id": "a", "email": "a@b.example"}), 200),
        (json!({"more": 1}), 400),
        (json!({"id": 1, "more": 1}), 400),
    ] {
        let answer = bed.demo().post("/act", json!({"key": "who", "input": {"who": who}})).await;

        assert_eq!(answer.0, status, "{who}: {answer:?}");
    }
}

#[tokio::test]
async fn what_fits_a_schema_as_it_is_written_is_not_refused() {
    let bed = Bed::start().await;
    let text = json!({"type": "string"});
    let mut body = says_as("fine", "who");
    // Without `additionalProperties` both would fit what has an e-mail, and `oneOf` none.
    body["inputSchema"] = json!({"type": "object", "oneOf": [
        {"required": ["id"], "properties": {"id": text}, "additionalProperties": false},
        {"required": ["id", "email"], "properties": {"id": text, "email": text}, "additionalProperties": false},
    ]});
    bed.manager().ok(Method::POST, "/actions", body).await;

    for (input, status) in [
        (json!({"id": "a"}), 200),
        (json!({"id": "a", "email": "a@b.example"}), 200),
        (json!({"email": "a@b.example"}), 400),
    ] {
        let answer = bed.demo().post("/act", json!({"key": "who", "input": input})).await;

        assert_eq!(answer.0, status, "{input}: {answer:?}");
    }
}

#[tokio::test]
async fn a_name_whose_value_is_missing_is_empty_and_any_other_stays() {
    let bed = Bed::start().await;
    let mut body = says_as("mia", "greet");
    let template = |text: &str, values: Value| json!({"$tpl": {"template": text, "values": values}});
    body["outputMapping"] = json!({
        "one": template("<{who}|{gone}>", json!({"who": {"$var": "$.output"}, "gone": {"$var": "$.nothing"}})),
        "none": template("a{gone}b", json!({})),
    });
    bed.manager().ok(Method::POST, "/actions", body).await;

    let ran = bed.demo().ok(Method::POST, "/act", json!({"key": "greet"})).await;

    assert_eq!(ran["output"], json!({"one": "<mia|>", "none": "a{gone}b"}));
}
