/**
 * The TypeScript client of the Model Context Protocol, for a test: connects, asks, opens what is cited, and prints what came.
 * node typescript_mcp.mjs QUESTION http URL KEY | QUESTION stdio COMMAND
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [question, way, place, key] = process.argv.slice(2);
const transport =
  way === "stdio"
    ? new StdioClientTransport({ command: place, args: ["mcp"], env: process.env })
    : new StreamableHTTPClientTransport(new URL("/mcp", place), { requestInit: { headers: { Authorization: `Bearer ${key}` } } });
const client = new Client({ name: "test", version: "1" });
await client.connect(transport);
const progress = [];
const { tools } = await client.listTools();
const asked = { name: "ask", arguments: { question } };
const answer = await client.callTool(asked, undefined, { onprogress: (one) => progress.push(one.message) });
const cited = answer.structuredContent.citations[0];
const article = cited && (await client.callTool({ name: "get_article", arguments: { article_id: cited.article_id } }));
const { resources } = await client.listResources();
const { contents } = await client.readResource({ uri: resources[0].uri });
console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), answer, article, progress, resources, contents }));
await client.close();
