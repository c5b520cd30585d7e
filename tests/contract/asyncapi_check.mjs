// Reads an AsyncAPI document from standard input with the official parser. Prints how many operations it has, or
// what is wrong with it, and then exits with 1.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const ERROR = 0;
const WARNING = 1;
const { document, diagnostics } = await new Parser().parse(readFileSync(0, "utf8"));
const wrong = diagnostics.filter(({ severity }) => severity === ERROR || severity === WARNING);
for (const { message, path } of wrong) console.log(`${path.join("/")}: ${message}`);
if (wrong.length || !document) process.exit(1);
console.log(document.operations().length);
