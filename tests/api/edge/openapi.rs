//! The OpenAPI documents.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use crate::support::{Bed, contracts};

/// The names of the shapes that a document refers to.
fn referred(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let reference = fields.get("$ref").and_then(Value::as_str);
            found.extend(reference.and_then(|at| at.strip_prefix("#/components/schemas/")).map(str::to_owned));
            fields.values().for_each(|field| referred(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| referred(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_shape_that_a_document_refers_to_is_in_it() {
    let bed = Bed::start().await;
    for path in ["/docs-json", "/__mock/openapi.json"] {
        let document = bed.nobody().get(path).await.1;
        let mut names = BTreeSet::new();
        referred(&document, &mut names);
        assert!(names.contains("Action") && names.len() > 20, "{path}: {names:?}");
        for name in names {
            assert!(
                document["components"]["schemas"][&name].is_object(),
                "{path}: `{name}` is referred to and missing"
            );
        }
    }
}

#[tokio::test]
async fn the_documents_name_every_route_once() {
    let bed = Bed::start().await;
    let faked = bed.nobody().get("/docs-json").await.1;
    let both = bed.nobody().get("/__mock/openapi.json").await.1;

    assert!(faked["paths"]["/act"]["post"].is_object() && faked["paths"]["/__mock/health"].is_null());
    assert!(both["paths"]["/act"]["post"].is_object() && both["paths"]["/__mock/health"]["get"].is_object());
    let operations = both["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let mut ids: Vec<&str> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "operation ids are unique");
}

/// The operations of the control API, each with its method and path.
fn control_operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_control = paths.iter().filter(|(path, _)| path.starts_with("/__mock/") && *path != "/__mock/mcp");
    let operations = of_control.flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(move |(method, of)| (format!("{method} {path}"), of))
    });
    operations.collect()
}

/// Whether a shape says what something is: not anything at all, nor an object of which no field is known.
fn says_something(document: &Value, shape: &Value) -> bool {
    let at = shape["$ref"].as_str().and_then(|at| at.strip_prefix("#/components/schemas/"));
    let shape = at.map_or(shape, |name| &document["components"]["schemas"][name]);
    let parts = ["anyOf", "oneOf", "allOf", "enum", "items", "$ref"];
    shape["properties"].as_object().is_some_and(|fields| !fields.is_empty())
        || parts.iter().any(|part| shape.get(part).is_some())
        || shape["type"].as_str().is_some_and(|of_type| of_type != "object")
}

#[tokio::test]
async fn every_operation_of_the_control_api_is_shaped_and_told_of() {
    let bed = Bed::start().await;
    let document = bed.nobody().get("/__mock/openapi.json").await.1;
    let (mut holes, mut counted) = (Vec::new(), (0, 0, 0));
    for (name, operation) in control_operations(&document) {
        let mut expect = |is_there: bool, what: &str| {
            if !is_there {
                holes.push(format!("{name}: {what}"));
            }
        };
        expect(
            operation["summary"].as_str().is_some_and(|says| says.ends_with('.')),
            "a sentence that says what it does",
        );
        expect(operation["tags"].as_array().is_some_and(|tags| tags.len() == 1), "a tag");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let says = parameter["description"].as_str().unwrap_or_default();
            expect(says.ends_with('.'), &format!("what the parameter {} is", parameter["name"]));
            counted.0 += usize::from(parameter["in"] == "query");
        }
        for (_, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            expect(says_something(&document, &content["schema"]), "the shape of the body");
            counted.1 += 1;
        }
        let responses = &operation["responses"];
        expect(responses["200"].is_object() || responses["204"].is_object(), "an answer");
        for (_, content) in responses["200"]["content"].as_object().into_iter().flatten() {
            expect(says_something(&document, &content["schema"]), "the shape of the answer");
            counted.2 += 1;
        }
        expect(
            responses["4XX"]["content"]["application/json"]["schema"]["$ref"] == "#/components/schemas/Error",
            "its errors",
        );
    }
    assert!(holes.is_empty(), "{}:\n{}", holes.len(), holes.join("\n"));
    let (queries, bodies, answers) = counted;
    assert!(
        queries >= 16 && bodies >= 24 && answers >= 49,
        "{queries} query fields, {bodies} bodies, {answers} answers"
    );
}

#[tokio::test]
async fn every_field_of_the_control_api_is_told_of() {
    let bed = Bed::start().await;
    let document = bed.nobody().get("/__mock/openapi.json").await.1;
    let mut names = BTreeSet::new();
    for (_, operation) in control_operations(&document) {
        referred(operation, &mut names);
    }
    // What those refer to is asked too.
    loop {
        let mut more = names.clone();
        for name in &names {
            referred(&document["components"]["schemas"][name], &mut more);
        }
        if more.len() == names.len() {
            break;
        }
        names = more;
    }
    let mut untold = Vec::new();
    for name in &names {
        let fields = document["components"]["schemas"][name]["properties"].as_object();
        for (field, of) in fields.into_iter().flatten() {
            let of_one = of.as_object().is_some_and(|of| of.get("description").is_some_and(Value::is_string));
            if !of_one {
                untold.push(format!("{name}.{field}"));
            }
        }
    }
    assert!(untold.is_empty(), "{} of {} shapes: {}", untold.len(), names.len(), untold.join(", "));
}

#[tokio::test]
async fn an_answer_that_the_document_does_not_say_is_noticed() {
    for (path, answer) in [
        ("/__mock/health", json!({ "status": "ok" })),
        ("/__mock/workspaces/w/clock", json!({ "now": 1, "mode": {}, "moved": 0, "pending": [] })),
        ("/__mock/workspaces/w/faults/story", json!([])),
    ] {
        let checked = tokio::spawn(async move { contracts::check(&Method::GET, path, &(200, answer)).await });
        assert!(checked.await.is_err(), "{path}");
    }
    contracts::check(&Method::GET, "/__mock/workspaces/w/faults/story", &(200, json!({ "seed": 1, "fired": [] })))
        .await;
}

#[tokio::test]
async fn a_part_of_the_document_is_whole_by_itself() {
    let bed = Bed::start().await;
    let asked =
        async |query: &str| bed.nobody().ok(Method::GET, &format!("/__mock/openapi.json?{query}"), Value::Null).await;
    let paths = |document: &Value| document["paths"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();

    let clock = asked("tag=clock").await;
    assert_eq!(paths(&clock).len(), 3);
    assert_eq!(clock["paths"]["/__mock/workspaces/{key}/clock/advance"]["post"]["operationId"], "advanceClock");
    let engine = asked("api=engine&tag=connections").await;
    assert!(paths(&engine).iter().all(|path| path.starts_with("/connections")) && paths(&engine).len() > 20);
    let control = asked("api=control").await;
    assert!(paths(&control).iter().all(|path| path.starts_with("/__mock")));
    let ids: Vec<&str> =
        control_operations(&control).iter().map(|(_, of)| of["operationId"].as_str().unwrap()).collect();
    assert!(ids.iter().all(|id| id.chars().all(char::is_alphanumeric)), "each is the name of a function: {ids:?}");
    for part in [clock, engine, control] {
        let mut names = BTreeSet::new();
        referred(&part, &mut names);
        let shapes = part["components"]["schemas"].as_object().unwrap();
        assert!(names.iter().all(|name| shapes[name].is_object()));
        let kept: BTreeSet<String> = shapes.keys().cloned().collect();
        assert_eq!(kept, names, "a part has no shapes of others");
    }
    let wrong = bed.nobody().get("/__mock/openapi.json?tag=clok").await;
    assert!(wrong.0 == 400 && wrong.1["message"].as_str().unwrap().contains("did you mean `clock`?"), "{wrong:?}");
    assert_eq!(bed.nobody().get("/__mock/openapi.json?api=controll").await.0, 400);
}

#[tokio::test]
async fn what_agents_read_first_is_short_and_names_what_there_is() {
    let bed = Bed::start().await;
    let text = reqwest::get(format!("{}/llms.txt", bed.mock.uri())).await.unwrap().text().await.unwrap();
    assert!(text.len() <= 8_000, "{} bytes", text.len());
    let document = bed.nobody().get("/__mock/openapi.json").await.1;
    let known: Vec<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
    let known: Vec<String> = known.into_iter().chain(["/__mock/mcp".to_owned()]).collect();
    let paths: Vec<&str> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|code| {
            let path = code.split(' ').find(|word| word.starts_with(['/', '…']))?;
            Some(path.split('?').next().unwrap())
        })
        .collect();
    assert!(paths.len() > 20, "{paths:?}");
    for path in paths {
        let below = path.trim_start_matches('…');
        assert!(known.iter().any(|known| known.ends_with(below)), "{path} is no route");
    }
}

#[tokio::test]
async fn each_body_has_an_example_that_fits_it() {
    let bed = Bed::start().await;
    let document = bed.nobody().get("/__mock/openapi.json?api=control").await.1;
    let mut examples = 0;
    for (name, operation) in control_operations(&document) {
        for content in operation["requestBody"]["content"].as_object().into_iter().flat_map(|content| content.values())
        {
            let schema = json!({ "allOf": [content["schema"]], "components": document["components"] });
            let validator = jsonschema::draft202012::new(&schema).unwrap();
            let example = &content["example"];
            let wrong: Vec<String> = validator.iter_errors(example).map(|error| error.to_string()).collect();
            assert!(!example.is_null() && wrong.is_empty(), "{name}: {example}: {wrong:?}");
            examples += 1;
        }
    }
    assert!(examples >= 24, "{examples}");
}
