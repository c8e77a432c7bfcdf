"""A web application in Python that shows what its users' apps hold, as tables of each app and as lists of its own.

It knows nothing of any app. What a table is called, which columns it has and what can be done in it, it asks for.
"""

import unittest

from test_web_app import Refused, WebApp, WebAppTest


class DataApp(WebApp):
    """What the views of the application do with the records of a connection."""

    # Tables

    def tables(self, connection: dict) -> dict[str, str]:
        """The names of an app's tables, by key."""
        return {each["key"]: each["name"] for each in self._call("GET", f"/connections/{connection['id']}/data/")}

    def table(self, connection: dict, key: str, **parameters) -> dict:
        return self._call("GET", f"/connections/{connection['id']}/data/{key}", **parameters)

    def heading(self, table: dict) -> list[str]:
        return [field.get("title", name) for name, field in table["fieldsSchema"]["properties"].items()]

    def editable(self, table: dict) -> list[str]:
        """The fields of the form for a new record; none where the app does not let anybody make one."""
        return table.get("create", {}).get("fields", [])

    def asks_for(self, table: dict) -> list[str]:
        """What a user has to choose before the table can be shown."""
        return table.get("parametersSchema", {}).get("required", [])

    # Records

    def _ask(self, connection: dict, key: str, verb: str, body: dict, parameters: dict) -> dict:
        return self._call("POST", f"/connections/{connection['id']}/data/{key}/{verb}", body, **parameters)

    def page(self, connection: dict, key: str, cursor: str | None = None, **parameters) -> dict:
        return self._ask(connection, key, "list", {"cursor": cursor} if cursor else {}, parameters)

    def rows(self, connection: dict, key: str, **parameters) -> list[dict]:
        return all_of(lambda body: self._ask(connection, key, "list", body, parameters))

    def found(self, connection: dict, key: str, text: str) -> list[dict]:
        """All records that have a text in them."""
        return all_of(lambda body: self._ask(connection, key, "search", {"query": text, **body}, {}))

    def match(self, connection: dict, key: str, **fields) -> dict | None:
        """The record that has these fields."""
        return self._ask(connection, key, "match", {"query": fields}, {}).get("record")

    def row(self, connection: dict, key: str, record_id: str, **parameters) -> dict:
        return self._ask(connection, key, "find-by-id", {"id": record_id}, parameters)["record"]

    def add(self, connection: dict, key: str, fields: dict, **parameters) -> str:
        return self._ask(connection, key, "create", {"fields": fields}, parameters)["id"]

    def change(self, connection: dict, key: str, record_id: str, fields: dict, **parameters) -> None:
        self._ask(connection, key, "update", {"id": record_id, "fields": fields}, parameters)

    def remove(self, connection: dict, key: str, record_id: str, **parameters) -> None:
        self._ask(connection, key, "delete", {"id": record_id}, parameters)

    # Data sources: a list of the application's own, and where a user has it come from

    def lists(self, connection: dict) -> dict[str, str]:
        page = self._call("GET", "/data-sources", connectionId=connection["id"])
        return {each["key"]: each["name"] for each in page["items"]}

    def _source(self, method: str, connection: dict, key: str, path: str = "", body=None) -> dict:
        named = {"dataSourceKey": key, "connectionId": connection["id"], "autoCreate": "true"}
        return self._call(method, f"/data-source-instance{path}", body, **named)

    def source(self, connection: dict, key: str) -> dict:
        return self._source("GET", connection, key)

    def point(self, connection: dict, key: str, collection: str, **parameters) -> dict:
        chosen = {"collectionKey": collection, "collectionParameters": parameters}
        return self._source("PATCH", connection, key, body=chosen)

    def unpoint(self, connection: dict, key: str) -> None:
        self._source("POST", connection, key, "/reset")

    def entries(self, connection: dict, key: str) -> list[dict]:
        """Records of the list, each in the words of the data model that all apps have in common."""
        found = all_of(lambda body: self._source("POST", connection, key, "/collection/list", body))
        return [each["unifiedFields"] for each in found]

    def add_entry(self, connection: dict, key: str, unified: dict) -> str:
        return self._source("POST", connection, key, "/collection/create", {"unifiedFields": unified})["id"]


def all_of(ask) -> list[dict]:
    """Asks for page after page, as long as an answer has a cursor."""
    answer = ask({})
    records = answer["records"]
    while answer.get("cursor"):
        answer = ask({"cursor": answer["cursor"]})
        records += answer["records"]
    return records


class DataAppTest(WebAppTest):
    def setUp(self):
        super().setUp()
        self.app = DataApp(self.workspace, "grace")

    def connect_by_browser(self, key: str, app: DataApp | None = None) -> dict:
        """The user goes to the app, says who they are and comes back."""
        app = app or self.app
        begun = app.redirect_to(key, "https://app.example/connected")
        self.control("POST", f"/connections/{begun['id']}/complete", {"account": f"{app.user}@example.com"})
        [made] = [each for each in app.connections() if each["id"] == begun["id"]]
        return made

    def manage(self, method: str, path: str, body: dict) -> dict:
        return self.assert_ok(self.workspace.call(method, path, body, token=self.workspace.manager_token()))

    def assert_no_page(self, status: int, message: str, view, *given, **parameters) -> dict:
        """The page that is shown instead says why."""
        with self.assertRaisesRegex(Refused, message) as refused:
            view(*given, **parameters)
        self.assertEqual(refused.exception.status, status)
        return refused.exception.body


class Tables(DataAppTest):
    def test_every_table_of_an_app_is_listed_and_has_a_heading(self):
        connection = self.connect_stripe()

        tables = self.app.tables(connection)

        self.assertEqual(tables, {"customers": "Customers", "invoices": "Invoices", "products": "Products"})
        for key in tables:
            table = self.app.table(connection, key)
            self.assertEqual((table["key"], table["name"]), (key, tables[key]))
            self.assertIn("ID", self.app.heading(table))

    def test_a_table_is_shown_page_by_page_to_its_end(self):
        connection = self.connect_stripe()
        first = self.app.page(connection, "customers")
        self.assertEqual(len(first["records"]), 10)

        rows = self.app.rows(connection, "customers")

        self.assertEqual(rows[:10], first["records"])
        self.assertEqual(len({each["id"] for each in rows}), len(rows))
        self.assertGreater(len(rows), 10)
        last = self.app.page(connection, "customers", first["cursor"])
        self.assertEqual([each["id"] for each in last["records"]], [each["id"] for each in rows[10:20]])

    def test_a_table_that_nobody_may_write_has_no_form(self):
        connection = self.connect_by_browser("slack")

        table = self.app.table(connection, "users")

        self.assertEqual(self.app.editable(table), [])
        self.assertNotIn("delete", table)
        self.assert_no_page(400, "`create`", self.app.add, connection, "users", {"name": "ada"})

    def test_a_table_within_something_asks_within_what(self):
        connection = self.connect_by_browser("github")
        self.assertEqual(self.app.asks_for(self.app.table(connection, "issues")), ["owner", "repo"])
        self.assert_no_page(400, "owner", self.app.page, connection, "issues")
        website = {"owner": "acme", "repo": "website"}

        number = self.app.add(connection, "issues", {"title": "The door is stuck"}, **website)

        self.assertEqual(self.app.row(connection, "issues", number, **website)["fields"]["repo"], "website")
        rows = self.app.rows(connection, "issues", **website)
        self.assertEqual(rows[-1]["id"], number)
        elsewhere = self.app.rows(connection, "issues", owner="acme", repo="app")
        self.assertFalse({each["id"] for each in rows} & {each["id"] for each in elsewhere})

    def test_no_table_is_shown_of_another_user(self):
        connection = self.connect_stripe()
        other = DataApp(self.workspace, "mallory")

        for view in (other.tables, lambda of: other.page(of, "customers"), lambda of: other.source(of, "people")):
            self.assert_no_page(404, "", view, connection)


class Records(DataAppTest):
    def setUp(self):
        super().setUp()
        self.connection = self.connect_stripe()

    def named(self, text: str) -> list[str]:
        return [each["name"] for each in self.app.found(self.connection, "customers", text)]

    def test_a_record_is_made_found_changed_and_removed(self):
        made = self.app.add(self.connection, "customers", {"name": "Wren & Sons", "email": "hello@wren.example"})
        self.assertEqual(self.named("wren"), ["Wren & Sons"])

        self.app.change(self.connection, "customers", made, {"name": "Wren and Daughters"})

        row = self.app.row(self.connection, "customers", made)
        self.assertEqual((row["name"], row["fields"]["email"]), ("Wren and Daughters", "hello@wren.example"))
        self.assertTrue(row["uri"].endswith(made))
        self.app.remove(self.connection, "customers", made)
        self.assertEqual(self.named("wren"), [])
        self.assert_no_page(404, made, self.app.row, self.connection, "customers", made)

    def test_a_search_that_finds_much_is_shown_page_by_page(self):
        everybody = self.app.rows(self.connection, "customers")

        found = self.app.found(self.connection, "customers", "CUS_")

        self.assertEqual([each["id"] for each in found], [each["id"] for each in everybody])

    def test_a_record_is_found_by_what_is_known_of_it(self):
        first, *_ = self.app.rows(self.connection, "customers")

        match = self.app.match(self.connection, "customers", email=first["fields"]["email"])

        self.assertEqual(match["id"], first["id"])
        self.assertIsNone(self.app.match(self.connection, "customers", email="nobody@example.com"))

    def test_a_form_that_was_filled_in_wrongly_is_shown_again(self):
        mistakes = {
            "a column that the app alone writes": ({"name": "Wren", "delinquent": True}, "delinquent"),
            "a word where a number belongs": ({"name": "Wren", "balance": "much"}, "balance"),
            "a currency that is too long": ({"name": "Wren", "currency": "euros"}, "currency"),
        }
        for what, (fields, message) in mistakes.items():
            with self.subTest(what):
                self.assert_no_page(400, message, self.app.add, self.connection, "customers", fields)
        self.assertEqual(self.named("wren"), [])

    def test_a_connection_that_was_lost_is_mended_and_has_its_records(self):
        made = self.app.add(self.connection, "customers", {"name": "Wren"})
        self.workspace.poke(self.connection["id"], "loseCredentials")

        body = self.assert_no_page(400, "", self.app.page, self.connection, "customers")

        self.assertEqual((body["type"], body["code"]), ("connection", "CONNECTION_DISCONNECTED"))
        again = {"connectionId": body["data"]["connectionId"], "input": {"apiKey": "sk_test_renewed"}}
        self.assertEqual(self.app._call("POST", "/connect", again)["state"], "READY")
        self.assertEqual(self.app.row(self.connection, "customers", made)["name"], "Wren")

    def test_what_was_disconnected_has_no_records_and_a_new_connection_none_of_its_changes(self):
        made = self.app.add(self.connection, "customers", {"name": "Wren"})

        self.app.disconnect(self.connection)

        self.assert_no_page(404, "", self.app.page, self.connection, "customers")
        anew = self.connect_stripe()
        self.assertNotIn(made, [each["id"] for each in self.app.rows(anew, "customers")])


OF_THE_DEMO = {"hubspot": {"crm-contacts": "Contacts"}}


class Lists(DataAppTest):
    """The application's list of people: a data source, which each app has in a table of its own."""

    def setUp(self):
        super().setUp()
        people = {"key": "people", "name": "People", "udm": "contacts"}
        for app, table in {"pipedrive": "persons", "hubspot": "contacts", "salesforce": "Contact"}.items():
            self.manage("POST", "/data-sources", {**people, "integrationKey": app, "collectionKey": table})
        issues = {"key": "work", "name": "Work", "integrationKey": "github", "collectionKey": "issues", "udm": "tasks"}
        self.manage("POST", "/data-sources", issues)

    def test_people_of_all_apps_are_shown_alike(self):
        for key in ("pipedrive", "hubspot", "salesforce"):
            with self.subTest(key):
                connection = self.connect_by_browser(key)
                # HubSpot of the demo has one of its own.
                self.assertEqual(self.app.lists(connection), {"people": "People"} | OF_THE_DEMO.get(key, {}))

                people = self.app.entries(connection, "people")

                self.assertGreater(len(people), 10)
                self.assertEqual([each for each in people if not each["fullName"] or not each["primaryEmail"]], [])
                self.assertIn("Ada Okafor", [each["fullName"] for each in people])

    def test_who_is_added_is_written_in_the_words_of_each_app(self):
        person = {"fullName": "Wren Sparrow", "primaryEmail": "wren@example.com"}
        written = {
            "pipedrive": {"name": "Wren Sparrow", "email": "wren@example.com"},
            "hubspot": {"firstname": "Wren", "lastname": "Sparrow", "email": "wren@example.com"},
            "salesforce": {"FirstName": "Wren", "LastName": "Sparrow", "Email": "wren@example.com"},
        }
        for key, expected in written.items():
            with self.subTest(key):
                connection = self.connect_by_browser(key)

                made = self.app.add_entry(connection, "people", person)

                source = self.app.source(connection, "people")
                fields = self.app.row(connection, source["collectionKey"], made)["fields"]
                self.assertEqual({name: fields[name] for name in expected}, expected)
                shown = [{name: each[name] for name in person} for each in self.app.entries(connection, "people")]
                self.assertIn(person, shown)

    def test_each_user_chooses_where_a_list_comes_from(self):
        grace = self.connect_by_browser("github")
        ada = DataApp(self.workspace, "ada")
        of_ada = self.connect_by_browser("github", ada)
        self.assert_no_page(400, "owner", self.app.entries, grace, "work")

        pointed = self.app.point(grace, "work", "issues", owner="acme", repo="website")
        ada.point(of_ada, "work", "issues", owner="acme", repo="app")

        self.assertEqual((pointed["isCustomized"], pointed["collectionSpec"]["name"]), (True, "Issues"))
        mine, theirs = self.app.entries(grace, "work"), ada.entries(of_ada, "work")
        self.assertTrue(mine and theirs)
        self.assertFalse({each["id"] for each in mine} & {each["id"] for each in theirs})
        self.app.unpoint(grace, "work")
        self.assertFalse(self.app.source(grace, "work")["isCustomized"])
        self.assert_no_page(400, "owner", self.app.entries, grace, "work")
        self.assertEqual(ada.entries(of_ada, "work"), theirs)

    def test_a_list_that_is_given_up_is_gone_for_every_user(self):
        connection = self.connect_by_browser("github")
        self.app.point(connection, "work", "issues", owner="acme", repo="website")

        self.manage("DELETE", "/data-source?key=work&integrationKey=github", None)

        self.assertEqual(self.app.lists(connection), {})
        self.assert_no_page(404, "", self.app.entries, connection, "work")

    def test_what_is_only_looked_at_is_no_run_and_no_call_of_the_app(self):
        connection = self.connect_by_browser("hubspot")
        self.app.entries(connection, "people")

        self.assertEqual(self.app.log(connection), [])
        calls = self.app._call("GET", "/external-api-logs", connectionId=connection["id"])
        self.assertEqual(calls["items"], [])


if __name__ == "__main__":
    unittest.main()
