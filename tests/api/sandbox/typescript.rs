//! TypeScript in snippets: types are left out, and nothing else changes.

use serde_json::{Value, json};

use crate::support::Bed;

async fn run(code: &str) -> (u16, Value) {
    let bed = Bed::start().await;
    let answer = bed.demo().post("/act", json!({"code": code, "input": {"n": 2, "names": ["Ann", "Bob"]}})).await;
    (answer.0, answer.1)
}

#[tokio::test]
async fn types_are_left_out() {
    let cases = [
        ("export default (args: { input: any }): number => args.input.n + 1", json!(3)),
        (
            "interface Args { input: { n: number; names: string[] } }\n\
             type Name = Args['input']['names'][number];\n\
             export default async function handler({ input }: Args): Promise<Name[]> {\n\
               return input.names.map((name: Name, index?: number): Name => `${index}${name}` as Name);\n\
             }",
            json!(["0Ann", "1Bob"]),
        ),
        (
            "declare const nothing: string;\n\
             const pick = <T, K extends keyof T>(of: T, key: K): T[K] => of[key]!;\n\
             module.exports = ({ input }) => pick<any, string>(input, 'n') satisfies number",
            json!(2),
        ),
        (
            "abstract class Base<T> { protected abstract name(): string; greet(): string { return 'I am ' + this.name(); } }\n\
             interface Named { readonly name: string }\n\
             class Ann extends Base<string> implements Base<string> {\n\
               private readonly who: string = 'Ann'; static made?: number; declare gone: string; [key: string]: unknown;\n\
               constructor(public_: boolean) { super(); }\n\
               protected override name(): string { return this.who; }\n\
             }\n\
             module.exports = (): string => new Ann(true).greet()",
            json!("I am Ann"),
        ),
        (
            "function twice(x: string): string;\n\
             function twice(x: number): number;\n\
             function twice(this: void, x: any): any { return x + x; }\n\
             let later!: number;\n\
             try { later = twice(4); } catch (error: unknown) { throw error; }\n\
             module.exports = () => [later, twice(<string>'é' as const)] as [number, string]",
            json!([8, "éé"]),
        ),
        (
            "import type { MembraneClient } from '@membranehq/sdk';\n\
             export type { MembraneClient };\n\
             export interface Input { n: number }\n\
             export default ({ input }: { input: Input }) => input.n as unknown as string",
            json!(2),
        ),
    ];
    for (code, expected) in cases {
        let (status, body) = run(code).await;
        assert_eq!(status, 200, "{code}: {body}");
        assert_eq!(body["output"], expected, "{code}");
    }
}

#[tokio::test]
async fn places_are_those_of_the_typescript() {
    let (_, body) = run("type Long = { a: 'é', b: string };\nmodule.exports = (args: any): number => {\n  const x: Long = null!; x.a;\n}").await;
    assert_eq!(body["data"]["lineNumber"], 3, "{body}");
    assert!(body["data"]["code"].as_str().unwrap().contains("const x: Long = null!"), "{body}");
}

#[tokio::test]
async fn what_only_typescript_runs_is_refused_by_name() {
    for (code, what, line) in [
        ("enum Colour { Red }\nmodule.exports = () => Colour.Red", "an `enum`", 1),
        ("namespace A { export const b = 1 }\nmodule.exports = () => A.b", "a `namespace`", 1),
        ("class A {\n  constructor(private x: number) {} }\nmodule.exports = () => new A(1)", "a parameter that", 2),
    ] {
        let (status, body) = run(code).await;
        assert_eq!(status, 400, "{body}");
        assert_eq!(body["type"], "custom_code");
        assert!(body["message"].as_str().unwrap().contains(what), "{body}");
        assert_eq!(body["data"]["lineNumber"], line, "{body}");
    }
}

#[tokio::test]
async fn what_is_neither_keeps_the_error_of_javascript() {
    let (_, body) = run("module.exports = () => { return 1 +; }").await;
    assert!(body["message"].as_str().unwrap().contains("SyntaxError"), "{body}");
    assert_eq!(body["data"]["lineNumber"], 1, "{body}");
}

#[tokio::test]
async fn exports_in_every_form() {
    let cases = [
        ("export default ({ input }) => input.n;", json!(2)),
        ("const a = 1\nexport default (args) => a", json!(1)),
        ("export  default{ n: 1 }\nmodule.exports = () => 3", json!(3)),
        ("const a = 1; export default async function main(args) { return [a, typeof main]; }", json!([1, "function"])),
        ("export const twice = (x) => x * 2, { b } = { b: 1 };\nexport default () => twice(b)", json!(2)),
        ("const one = () => 1;\nexport { one as default };", json!(1)),
        ("export default () => `\nexport default hello\n`", json!("\nexport default hello\n")),
        ("// \nexport default hello\nexport default () => 1", Value::Null),
        ("export default class {}\nmodule.exports = (args) => args.input.n < 3 > (1)", json!(false)),
        ("exports.default = () => 4", json!(4)),
    ];
    for (code, expected) in cases {
        let (status, body) = run(code).await;
        if expected.is_null() {
            assert_eq!((status, &body["type"]), (400, &json!("custom_code")), "{code}: {body}");
        } else {
            assert_eq!((status, &body["output"]), (200, &expected), "{code}: {body}");
        }
    }
    for code in
        ["import fs from 'fs';\nexport default () => 1", "export * from 'fs'", "module.exports = () => import('fs')"]
    {
        let (_, body) = run(code).await;
        assert!(body["message"].as_str().unwrap().contains("`import` is not available"), "{code}: {body}");
    }
    let (_, body) = run("let a; export default () => { throw new Error('q') }").await;
    assert_eq!((&body["data"]["lineNumber"], &body["data"]["columnNumber"]), (&json!(1), &json!(37)), "{body}");
}
