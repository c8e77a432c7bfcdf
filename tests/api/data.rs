//! Records of data collections, read and written by the collection, by data sources, by actions and by flows; field
//! mappings; links between records.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Api, Bed, id, message, verdict};

/// A connector with contacts, its integration, and the tenant's connection `crm`.
async fn crm(bed: &Bed) -> Api {
    let manager = bed.manager();
    let contacts = json!({
        "key": "contacts", "name": "Contacts", "ids": "number", "pageSize": 2, "uri": "https://crm.example/{id}/{email}",
        "fieldsSchema": {"type": "object", "required": ["email"], "properties": {
            "id": {"type": "integer", "readOnly": true}, "email": {"type": "string"}, "name": {"type": "string"},
            "list": {"type": "string"}, "address": {"type": "object"}}},
        "udm": {"contacts": {"extract": {"fullName": {"$var": "name"}}, "parse": {"name": {"$var": "fullName"}}}},
        "records": [
            {"id": 1, "email": "ada@acme.example", "name": "Ada", "list": "a", "address": {"city": "Bonn"}},
            {"id": 2, "email": "bob@acme.example", "name": "Bob", "list": "b"},
            {"id": 3, "email": "cy@acme.example", "name": "Cy", "list": "a"}],
    });
    let lists = json!({
        "key": "lists", "name": "Lists", "fieldsSchema": {"type": "object"}, "lacks": ["delete"],
        "parametersSchema": {"type": "object", "required": ["owner"]},
    });
    let connector = json!({"key": "crm", "name": "Crm", "type": "proxy", "dataCollections": [contacts, lists]});
    manager.ok(Method::POST, "/connectors", connector).await;
    manager.ok(Method::POST, "/integrations", json!({"key": "crm", "name": "Crm", "connectorKey": "crm"})).await;
    let acme = bed.tenant("acme");
    let connection = json!({"integrationKey": "crm", "connectionKey": "crm", "name": "Crm"});
    acme.ok(Method::POST, "/connections", connection).await;
    acme
}

async fn contacts(api: &Api, verb: &str, request: Value) -> Value {
    api.ok(Method::POST, &format!("/connections/crm/data/contacts/{verb}"), request).await
}

fn ids(page: &Value) -> Vec<&str> {
    page["records"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_one_way_writes_every_other_way_finds() {
    let bed = Bed::start().await;
    let acme = crm(&bed).await;
    let manager = bed.manager();
    let source = json!({"key": "people", "integrationKey": "crm", "collectionKey": "contacts", "udm": "contacts"});
    manager.ok(Method::POST, "/data-sources", source).await;
    let make = json!({"key": "make", "integrationKey": "crm", "type": "create-data-record", "config": {
        "dataSource": {"collectionKey": "contacts"},
        "fieldMapping": {"defaultValue": {"email": {"$var": "$.input.mail"}, "name": {"$concat": ["Dr. ", {"$var": "$.input.who"}]}}}}});
    manager.ok(Method::POST, "/actions", make).await;
    let find = json!({"key": "find", "integrationKey": "crm", "type": "search-data-record", "config": {
        "dataSource": {"key": "people"}, "fieldMapping": {"importValue": {"who": {"$var": "name"}}}}});
    manager.ok(Method::POST, "/actions", find).await;
    let nodes = json!({"start": {"type": "api-trigger", "links": [{"key": "make"}]},
        "make": {"type": "create-data-record", "config": {
            "dataSource": {"collectionKey": "contacts"}, "fieldMapping": {"defaultValue": {"email": {"$var": "$.input.mail"}}}}}});
    manager.ok(Method::POST, "/integrations/crm/flows", json!({"key": "sync", "nodes": nodes})).await;

    let by_collection = contacts(&acme, "create", json!({"fields": {"email": "dee@acme.example"}})).await;
    let act = json!({"key": "make", "connectionKey": "crm", "input": {"mail": "eve@acme.example", "who": "Eve"}});
    let by_action = acme.ok(Method::POST, "/act", act).await;
    let at_source = "/data-source-instance/collection";
    let query = "dataSourceKey=people&connectionKey=crm";
    let unified = json!({"unifiedFields": {"fullName": "Flo"}, "fields": {"email": "flo@acme.example", "name": "Flo"}});
    let by_source = acme.ok(Method::POST, &format!("{at_source}/create?{query}"), unified).await;
    let run = json!({"input": {"mail": "gus@acme.example"}});
    acme.ok(Method::POST, "/connections/crm/flows/sync/run", run).await;
    bed.ws.settle().await.unwrap();

    assert_eq!(
        (&by_collection["id"], &by_action["output"]["id"], &by_source["id"]),
        (&json!("4"), &json!("5"), &json!("6"))
    );
    let found =
        acme.ok(Method::POST, "/act", json!({"key": "find", "connectionKey": "crm", "input": {"query": "EVE@"}})).await;
    assert_eq!(found["output"]["records"][0]["fields"], json!({"who": "Dr. Eve"}));
    let filter = json!({"unifiedFilter": {"fullName": "Flo"}});
    let listed = acme.ok(Method::POST, &format!("{at_source}/list?{query}"), filter).await;
    assert_eq!(listed["records"][0]["unifiedFields"], json!({"fullName": "Flo", "lastName": "Flo"}));
    let gus = contacts(&acme, "match", json!({"query": {"email": "gus@acme.example"}})).await;
    assert_eq!(gus["record"]["uri"], "https://crm.example/7/gus@acme.example");
    // Another connection of the same app has none of it.
    let other = bed.tenant("other");
    other.ok(Method::POST, "/connections", json!({"integrationKey": "crm", "connectionKey": "crm"})).await;
    assert_eq!(contacts(&other, "match", json!({"query": {"email": "gus@acme.example"}})).await, json!({}));
}

#[tokio::test]
async fn pages_filters_and_changes_are_those_of_an_app() {
    let bed = Bed::start().await;
    let acme = crm(&bed).await;

    let first = contacts(&acme, "list", json!({})).await;
    contacts(&acme, "delete", json!({"id": "2"})).await;
    let second = contacts(&acme, "list", json!({"cursor": first["cursor"]})).await;
    assert_eq!((ids(&first), ids(&second)), (vec!["1", "2"], vec!["3"]), "what the cursor names is gone");
    for (request, expected) in [
        (json!({"filter": {"list": "a"}}), vec!["1", "3"]),
        (json!({"filter": {"address.city": "Bonn"}}), vec!["1"]),
        (json!({"filter": {"$eval": {"$var": "name"}, "contains": "c"}}), vec!["3"]),
        (json!({"filter": [{"field": "list", "operator": "is_not", "value": "a"}]}), vec![]),
        (json!({"parameters": {"list": "a"}}), vec!["1", "3"]),
    ] {
        assert_eq!(ids(&contacts(&acme, "list", request.clone()).await), expected, "{request}");
    }
    contacts(&acme, "update", json!({"id": "1", "fields": {"name": null, "list": "b"}})).await;
    let one = contacts(&acme, "find-by-id", json!({"id": "1", "udm": "contacts"})).await;
    assert_eq!(one["record"]["fields"]["list"], "b");
    assert!(one["record"]["fields"].get("name").is_none() && one["record"]["unifiedFields"] == json!({}), "{one:#}");

    for (at, request, is, says) in [
        ("contacts/list", json!({"cursor": "9"}), "400 bad_request/-", "`cursor` is `9`"),
        ("contacts/find-by-id", json!({"id": "2"}), "404 bad_request/not_found", "has no `2`"),
        ("contacts/find-by-id", json!({}), "400 bad_request/-", "takes `id`"),
        ("contacts/create", json!({"fields": {"name": "X"}}), "400 bad_request/-", "email"),
        ("contacts/update", json!({"id": "1", "fields": {"id": 9}}), "400 bad_request/-", "read-only"),
        ("contacts/search", json!({"query": {}}), "400 bad_request/-", "a text"),
        (
            "contacts/find-by-id",
            json!({"id": "1", "udm": "deals"}),
            "400 bad_request/-",
            "no unified data model `deals`",
        ),
        ("lists/list", json!({}), "400 bad_request/-", "owner"),
        ("lists/delete", json!({"id": "1"}), "400 bad_request/-", "has no `delete`"),
        ("contract/list", json!({}), "404 bad_request/not_found", "did you mean `contacts`?"),
    ] {
        let answer = acme.post(&format!("/connections/crm/data/{at}"), request).await;
        assert_eq!(verdict(&answer), is, "{at}: {answer:?}");
        assert!(message(&answer).contains(says), "{at}: {}", message(&answer));
    }
}

#[tokio::test]
async fn records_are_forked_and_kept_apart() {
    let bed = Bed::start().await;
    let acme = crm(&bed).await;
    contacts(&acme, "delete", json!({"id": "1"})).await;

    let fork = bed.ws.fork().await.unwrap();
    let there = Api::tenant_of(&fork, "acme");
    contacts(&there, "create", json!({"fields": {"email": "new@acme.example"}})).await;

    assert_eq!(ids(&contacts(&acme, "list", json!({})).await), ["2", "3"]);
    assert_eq!(contacts(&there, "search", json!({"query": "new@"})).await["records"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn wrong_collections_are_refused_when_they_are_defined() {
    let bed = Bed::start().await;
    let with = |collection: Value| json!({"key": "c", "name": "C", "dataCollections": [collection]});
    let fine = json!({"key": "a", "name": "A", "fieldsSchema": {"type": "object"}});
    for (change, says) in [
        (json!({"fieldsSchema": {"type": 7}}), "fieldsSchema"),
        (json!({"pageSize": 0}), "from 1 to 1000"),
        (json!({"lacks": ["delte"]}), "`lacks` has `delte`"),
        (json!({"records": [{"id": 1}, {"id": "1"}]}), "has the id `1` of another one"),
        (json!({"records": [{"name": "x"}]}), "has no `id`"),
        (
            json!({"fieldsSchema": {"properties": {"n": {"type": "number"}}}, "records": [{"id": 1, "n": "x"}]}),
            "`records`",
        ),
    ] {
        let mut collection = fine.clone();
        collection.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = bed.manager().post("/connectors", with(collection)).await;
        assert!(refused.0 == 400 && message(&refused).contains(says), "{says}: {refused:?}");
    }
}

#[tokio::test]
async fn a_field_mapping_maps_both_ways_and_tenants_have_their_own() {
    let bed = Bed::start().await;
    let manager = bed.manager();
    let acme = crm(&bed).await;
    let mapping = json!({"key": "contact", "integrationKey": "crm", "direction": "both",
        "defaultImportValue": {"kind": "person"}, "importValue": {"title": {"$var": "name"}},
        "exportValue": {"name": {"$var": "title"}}, "appSchema": {"type": "object", "title": "Contact"}});
    manager.ok(Method::POST, "/field-mappings", mapping).await;

    let record = json!({"input": {"fields": {"name": "Ada"}}, "direction": "import"});
    let imported = acme.ok(Method::POST, "/field-mappings/crm.contact/run", record.clone()).await;
    assert_eq!(imported["output"], json!({"kind": "person", "title": "Ada"}));
    let own = "/connections/crm/field-mappings/contact";
    acme.ok(Method::PATCH, own, json!({"importValue": {"title": {"$jsonata": "$uppercase(name)"}}})).await;
    let mine = acme.ok(Method::POST, "/field-mapping/run?key=contact&connectionKey=crm", record).await;
    assert_eq!(mine["output"]["title"], "ADA");
    let both = json!({"input": {"name": "Ada", "title": "Eva"}});
    let both = acme.ok(Method::POST, "/field-mapping/run?key=contact&integrationKey=crm", both).await;
    assert_eq!(both["output"]["export"], json!({"name": "Eva"}));
    assert_eq!(acme.ok(Method::GET, "/field-mappings/crm.contact/app-schema", Value::Null).await["title"], "Contact");
    assert_eq!(acme.ok(Method::GET, own, Value::Null).await["isCustomized"], true);
    acme.ok(Method::POST, &format!("{own}/reset"), Value::Null).await;
    assert_eq!(acme.ok(Method::GET, own, Value::Null).await["importValue"], json!({"title": {"$var": "name"}}));
}

#[tokio::test]
async fn links_are_made_found_and_deleted() {
    let bed = Bed::start().await;
    let acme = crm(&bed).await;
    bed.manager().ok(Method::POST, "/data-link-tables", json!({"key": "people", "integrationKey": "crm"})).await;
    let at = "/data-link-table-instance/links?dataLinkTableKey=people&connectionKey=crm";

    let link = json!({"externalRecordId": 1, "appRecordId": "u1", "direction": "import"});
    let made = acme.ok(Method::POST, at, link.clone()).await;
    assert_eq!(acme.ok(Method::POST, at, link).await["id"], made["id"], "there is one");
    acme.ok(Method::POST, at, json!({"externalRecordId": "2", "appRecordId": "u2"})).await;
    let found = acme.items(&format!("{at}&externalRecordId=1&direction=both")).await;
    assert_eq!((found.len(), &found[0]["appRecordId"]), (1, &json!("u1")));
    assert_eq!(acme.items("/data-links").await.len(), 2);
    assert!(bed.tenant("other").items("/data-links").await.is_empty());

    let gone = acme.call(Method::DELETE, at, Some(&json!({"appRecordId": "u1"}))).await;
    let again = acme.call(Method::DELETE, at, Some(&json!({"appRecordId": "u1"}))).await;
    let all = acme.call(Method::DELETE, at, Some(&json!({}))).await;
    assert_eq!((gone.0, again.0, all.0), (200, 404, 400));
    assert_eq!(acme.items(at).await.len(), 1);
    let left = id(&acme.items("/data-links").await[0]);
    assert_eq!(bed.tenant("other").call(Method::DELETE, &format!("/data-links/{left}"), None).await.0, 404);
    acme.ok(Method::DELETE, &format!("/data-links/{left}"), Value::Null).await;
    assert!(acme.items(at).await.is_empty());
}
