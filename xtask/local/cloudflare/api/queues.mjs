// Queues and who consumes them. What is sent is counted; nothing is delivered.
import { Refusal, ok, paged } from "../answer.mjs";
import { id32, now } from "../worker.mjs";

const [READ, EDIT] = ["Queues: Read", "Queues: Edit"];
const path = "/accounts/:account/queues";

const told = (account) => ({ messages, ...queue }) => {
  const producers = [...account.workers.values()]
    .filter((worker) => worker.latest.bindings.some(({ type, queue_name }) => type === "queue" && queue_name === queue.queue_name))
    .map(({ name }) => ({ type: "worker", script: name, service: name, environment: "production" }));
  return { ...queue, producers, producers_total_count: producers.length, consumers_total_count: queue.consumers.length };
};

const named = ({ account, params }) => account.queue(params.queue);

function consumer({ type, script_name, settings = {}, dead_letter_queue }) {
  return { type, script: script_name, service: script_name, environment: "production", settings, ...(dead_letter_queue && { dead_letter_queue }) };
}

function addConsumer(request) {
  const queue = named(request);
  const said = request.json();
  if (said.type === "worker" && !request.account.workers.has(said.script_name)) throw new Refusal(400, 11001, `The Worker ${said.script_name} does not exist.`);
  if (queue.consumers.some(({ type }) => type === said.type)) throw new Refusal(409, 11004, `Queue '${queue.queue_name}' already has a consumer.`);
  const made = { consumer_id: id32(), queue_name: queue.queue_name, created_on: now(), ...consumer(said) };
  queue.consumers.push(made);
  return ok(made);
}

function oneConsumer(request) {
  const found = named(request).consumers.find(({ consumer_id }) => consumer_id === request.params.consumer);
  if (!found) throw new Refusal(404, 11002, "Consumer not found.");
  return found;
}

export default [
  ["GET", path, READ, ({ account, query }) => {
    const names = query.getAll("name");
    return paged(account.queues.filter(({ queue_name }) => names.length === 0 || names.includes(queue_name)).map(told(account)), query);
  }],
  ["POST", path, EDIT, ({ account, json }) => ok(told(account)(account.createQueue(json())))],
  ["GET", `${path}/:queue`, READ, (request) => ok(told(request.account)(named(request)))],
  ["DELETE", `${path}/:queue`, EDIT, (request) => {
    request.account.queues.splice(request.account.queues.indexOf(named(request)), 1);
  }],
  ["POST", `${path}/:queue/messages`, EDIT, (request) => {
    named(request).messages += 1;
  }],
  ["GET", `${path}/:queue/consumers`, READ, (request) => ok(named(request).consumers)],
  ["POST", `${path}/:queue/consumers`, EDIT, addConsumer],
  ["PUT", `${path}/:queue/consumers/:consumer`, EDIT, (request) => ok(Object.assign(oneConsumer(request), consumer(request.json())))],
  ["DELETE", `${path}/:queue/consumers/:consumer`, EDIT, (request) => {
    const { consumers } = named(request);
    consumers.splice(consumers.indexOf(oneConsumer(request)), 1);
  }],
];
