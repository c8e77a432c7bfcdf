"""The served OpenAPI documents, held against the specification by a validator that is not ours."""

import os
import unittest

from openapi_spec_validator import OpenAPIV31SpecValidator

from client import send

BASE = os.environ["MEMBRANE_API_URI"]


class OpenApiTest(unittest.TestCase):
    def test_both_documents_are_valid(self):
        for path in ("/docs-json", "/__mock/openapi.json"):
            with self.subTest(path):
                document = send("GET", BASE + path).body
                errors = [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]
                self.assertEqual(errors, [])


if __name__ == "__main__":
    unittest.main()
