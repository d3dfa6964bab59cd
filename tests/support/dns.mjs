// A resolver of DNS over HTTPS, in its JSON form (https://developers.cloudflare.com/1.1.1.1/encryption/dns-over-https/make-api-requests/dns-json/).
import http from "node:http";

const TYPES = { A: 1, CNAME: 5, TXT: 16 };

export class Dns {
  /** Records by name: `{TXT: [text], CNAME: target, A: [address]}`. */
  records = {};
  /** What was asked, as `TYPE name`. */
  asked = [];
  /** The status of the DNS that each question is answered with; 0 where it can be answered. */
  status = 0;

  static async start() {
    const dns = new Dns();
    dns.server = http.createServer({ keepAliveTimeout: 0 }, (request, response) => {
      const { searchParams } = new URL(request.url, "http://dns");
      const [name, type] = [searchParams.get("name"), searchParams.get("type")];
      dns.asked.push(`${type} ${name}`);
      if (request.headers.accept !== "application/dns-json") return response.writeHead(400).end();
      const body = dns.answer(name, type);
      response.writeHead(200, { "content-type": "application/dns-json" }).end(JSON.stringify(body));
    });
    await new Promise((resolve) => dns.server.listen(0, "127.0.0.1", resolve));
    dns.url = `http://127.0.0.1:${dns.server.address().port}/dns-query`;
    return dns;
  }

  answer(name, type) {
    const Question = [{ name, type: TYPES[type] }];
    if (this.status) return { Status: this.status, Question };
    const known = this.records[name];
    if (!known) return { Status: 3, Question };
    const entry = (kind, data, of = name) => ({ name: of, type: TYPES[kind], TTL: 60, data });
    const Answer = [
      ...(type === "TXT" ? (known.TXT ?? []).map((text) => entry("TXT", JSON.stringify(text))) : []),
      ...(known.CNAME ? [entry("CNAME", `${known.CNAME}.`)] : []),
      ...(type === "A" && known.CNAME ? [entry("A", "192.0.2.1", known.CNAME)] : []),
      ...(type === "A" ? (known.A ?? []).map((address) => entry("A", address)) : []),
    ];
    return { Status: 0, Question, ...(Answer.length && { Answer }) };
  }

  /** Sets what an app's domain asks for: its records of these types. */
  set({ records }, ...types) {
    for (const { type, name, value } of records.filter((record) => types.includes(record.type))) {
      this.records[name] = { ...this.records[name], [type]: type === "TXT" ? ["v=spf1 -all", value] : value };
    }
  }

  stop() {
    return new Promise((resolve) => this.server.close(resolve));
  }
}
