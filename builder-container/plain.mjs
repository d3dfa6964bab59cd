// Reads a configuration file as data, without running it: literals, objects, arrays, names of constants, and the few calls
// that such files consist of. What is none of these is an `Unread`, which remembers where it stands.
//
// Everything is bounded: a file can spread itself into itself.
import { posix } from "node:path"
import { parseSync } from "vite"

/** Values that one file may come to. */
const MOST_VALUES = 20_000
/** Levels of nesting that are followed. */
const DEEPEST = 100
/** Characters of a file that is read. */
const LONGEST = 256 * 1024

/** Stands for the project's folder in paths that are read. */
export const HOME = "/overskill/project/folder"
const file = `file://${HOME}/x`

/** What cannot be read as data. `what` says what it is, `from` which module it comes from, if any. */
export class Unread {
  constructor(what, node, more = {}) {
    Object.assign(this, { what, start: node.start, ...more })
  }
}

/**
 * The value of a file's default export and what it stands in: `{ value, imports }`. `modules` are values of modules that
 * are known, by specifier. Paths begin with `HOME`.
 */
export const readPlain = (name, source, modules = {}) => {
  if (source.length > LONGEST || nesting(source) > 3 * DEEPEST) return { value: undefined, imports: [] }
  const { program, errors } = parseSync(name, source)
  if (errors.length > 0) return { value: undefined, imports: [], error: errors[0] }
  const reader = new Reader(program, modules)
  const exported = program.body.map(exportOf).find(Boolean)
  const value = () => {
    try {
      return exported && reader.settle(reader.value(exported, 0))
    } catch {
      // Whatever its author meant by it: as data it is nothing.
      return new Unread("an expression", exported)
    }
  }
  return { value: value(), imports: reader.imports }
}

/** How deep brackets are nested at most. A parser has a stack. */
const nesting = (source) => {
  let [depth, deepest] = [0, 0]
  for (const character of source) {
    if ("([{".includes(character)) deepest = Math.max(deepest, ++depth)
    else if (")]}".includes(character)) depth -= 1
  }
  return deepest
}

const exportOf = (statement) => {
  if (statement.type === "ExportDefaultDeclaration") return statement.declaration
  if (statement.type === "TSExportAssignment") return statement.expression
  const { type, expression } = statement
  if (type !== "ExpressionStatement" || expression.type !== "AssignmentExpression") return null
  const { left, right } = expression
  const isModule = left.type === "MemberExpression" && left.object.name === "module" && left.property.name === "exports"
  return isModule ? right : null
}

class Reader {
  constructor(program, modules) {
    this.modules = modules
    this.names = new Map()
    this.imports = []
    this.left = MOST_VALUES
    this.open = new Set()
    for (const statement of program.body) this.declare(statement)
  }

  declare(statement) {
    if (statement.type === "ImportDeclaration" && statement.importKind !== "type") {
      const from = statement.source.value
      this.imports.push({ from, start: statement.source.start })
      for (const specifier of statement.specifiers) {
        const imported = specifier.imported?.name ?? (specifier.type === "ImportDefaultSpecifier" ? "default" : "*")
        this.names.set(specifier.local.name, { from, imported })
      }
    }
    const declaration = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement
    if (declaration?.type !== "VariableDeclaration") return
    for (const { id, init } of declaration.declarations) {
      if (id.type === "Identifier" && init) this.names.set(id.name, { init })
      // const { fontFamily } = require("tailwindcss/defaultTheme")
      if (id.type === "ObjectPattern" && init)
        for (const { key, value } of id.properties)
          if (key?.name && value?.name) this.names.set(value.name, { init, member: key.name })
    }
  }

  /** A function as a whole configuration stands for what it returns. */
  settle(value, depth = 0) {
    if (!(value instanceof Unread && value.body)) return value
    return depth < DEEPEST ? this.settle(this.returned(value.body), depth + 1) : new Unread("a circle", value)
  }

  returned(body) {
    if (body.type !== "BlockStatement") return this.value(body, 0)
    for (const statement of body.body) this.declare(statement)
    const last = body.body.findLast((statement) => statement.type === "ReturnStatement")
    return last?.argument ? this.value(last.argument, 0) : undefined
  }

  value(node, depth) {
    this.left -= 1
    if (this.left < 0 || depth > DEEPEST) return new Unread("too much", node)
    const next = (inner) => this.value(inner, depth + 1)
    switch (node.type) {
      case "Literal":
        return node.regex ? regular(node) : node.value
      case "TemplateLiteral":
        return this.template(node, next)
      case "ObjectExpression":
        return this.object(node, next)
      case "ArrayExpression":
        return this.array(node, next)
      case "Identifier":
        return this.named(node, next)
      case "MemberExpression":
        return this.member(node, next)
      case "CallExpression":
        return this.call(node, next)
      case "NewExpression":
        return this.made(node, next)
      case "ParenthesizedExpression":
      case "TSAsExpression":
      case "TSSatisfiesExpression":
      case "TSNonNullExpression":
      case "ChainExpression":
      case "AwaitExpression":
        return next(node.expression ?? node.argument)
      case "UnaryExpression":
        return unary(node, next(node.argument))
      case "BinaryExpression":
        return binary(node, next(node.left), next(node.right))
      // What a condition comes to is not known: what there is to read of it is its right side.
      case "LogicalExpression":
        return node.operator === "&&" ? next(node.right) : either(next(node.left), () => next(node.right))
      case "ConditionalExpression":
        return next(node.consequent)
      case "ArrowFunctionExpression":
      case "FunctionExpression":
      case "FunctionDeclaration":
        return new Unread("a function", node, { body: node.body })
      default:
        return new Unread("an expression", node)
    }
  }

  template(node, next) {
    let text = ""
    for (const [index, quasi] of node.quasis.entries()) {
      text += quasi.value.cooked
      const inner = node.expressions[index]
      if (!inner) break
      const value = next(inner)
      if (typeof value !== "string" && typeof value !== "number") return new Unread("a computed text", node)
      text += value
    }
    return text
  }

  object(node, next) {
    const object = {}
    for (const property of node.properties) {
      if (property.type === "SpreadElement") {
        const spread = next(property.argument)
        if (isObject(spread)) Object.assign(object, spread)
        else object[`...${property.start}`] = spread instanceof Unread ? spread : new Unread("an expression", property)
        continue
      }
      const key = property.computed ? next(property.key) : (property.key.name ?? property.key.value)
      if (typeof key !== "string" && typeof key !== "number") continue
      if (key === "__proto__") continue
      object[key] = next(property.value)
      places.set(object, { ...places.get(object), [key]: property.start })
    }
    if (!places.has(object)) places.set(object, {})
    return object
  }

  array(node, next) {
    const array = []
    for (const element of node.elements) {
      if (!element) continue
      if (element.type !== "SpreadElement") {
        array.push(next(element))
        continue
      }
      const spread = next(element.argument)
      if (Array.isArray(spread) && spread.length <= this.left) array.push(...spread)
      else array.push(spread instanceof Unread ? spread : new Unread("an expression", element))
    }
    return array
  }

  named(node, next) {
    if (node.name === "undefined") return undefined
    if (node.name === "__dirname") return HOME
    const known = this.names.get(node.name)
    if (!known) return new Unread("a name", node, { name: node.name })
    if (known.from !== undefined) return this.imported(known.from, known.imported, node)
    if (this.open.has(known)) return new Unread("a circle", node)
    this.open.add(known)
    const value = next(known.init)
    this.open.delete(known)
    return known.member === undefined ? value : this.part(value, known.member, node)
  }

  imported(from, name, node) {
    const module = this.modules[from]
    if (module === undefined) return new Unread("an import", node, { from, name })
    return name === "default" || name === "*" ? module : this.part(module, name, node)
  }

  member(node, next) {
    const key = node.computed ? next(node.property) : node.property.name
    if (typeof key !== "string" && typeof key !== "number") return new Unread("an expression", node)
    const { object } = node
    if (object.type === "MetaProperty") return { dirname: HOME, url: file }[key] ?? new Unread("an expression", node)
    const value = next(object)
    if (value instanceof URL && key === "pathname") return value.pathname
    return this.part(value, key, node)
  }

  part(value, key, node) {
    if (value instanceof Unread) return new Unread(value.what, node, { from: value.from, name: value.name ?? key })
    if ((isObject(value) || Array.isArray(value)) && Object.hasOwn(value, key)) return value[key]
    return new Unread("an expression", node)
  }

  call(node, next) {
    const { callee } = node
    const callees = callee.type === "MemberExpression" ? [callee.object.name, callee.property.name] : [callee.name]
    const [first, method] = callees
    const given = () => node.arguments.map((argument) => (argument.type === "SpreadElement" ? new Unread("an expression", argument) : next(argument)))
    if (first === "require" && !method) {
      const [from] = given()
      if (typeof from !== "string") return new Unread("an expression", node)
      this.imports.push({ from, start: node.arguments[0].start })
      return this.imported(from, "default", node)
    }
    const name = method ?? first
    if (["resolve", "join", "dirname"].includes(name) && (!method || ["path", "posix"].includes(first) || this.isPath(first))) {
      const parts = given()
      if (!parts.every((part) => typeof part === "string")) return new Unread("a path", node)
      return name === "dirname" ? HOME : posix.resolve(HOME, ...(name === "join" ? [posix.join(...parts)] : parts))
    }
    if (name === "cwd" && first === "process") return HOME
    if (name === "fileURLToPath") {
      const [url] = given()
      return url instanceof URL ? url.pathname : typeof url === "string" && url === file ? `${HOME}/x` : new Unread("a path", node)
    }
    if (name === "stringify" && first === "JSON") {
      const [value] = given()
      return holdsUnread(value) ? new Unread("an expression", node) : JSON.stringify(value)
    }
    // [a, condition && b].filter(Boolean)
    if (["filter", "flat"].includes(name) && callee.type === "MemberExpression") {
      const value = next(callee.object)
      if (Array.isArray(value)) return value.filter((item) => item !== false && item !== null && item !== undefined)
    }
    if (["defineConfig", "withTV", "mergeConfig"].includes(first) && !method) {
      const all = given()
      return all.length === 1 ? this.settle(all[0]) : (all.findLast(isObject) ?? new Unread("a call", node))
    }
    const called = next(callee)
    const whose = called instanceof Unread ? { from: called.from, name: called.name } : {}
    return new Unread("a call", node, { ...whose, given: given() })
  }

  isPath(name) {
    return ["path", "node:path"].includes(this.names.get(name)?.from)
  }

  made(node, next) {
    const [path, base] = node.arguments
    if (node.callee.name === "URL" && path && base?.object?.type === "MetaProperty") {
      const value = next(path)
      if (typeof value === "string" && URL.canParse(value, file)) return new URL(value, file)
    }
    return new Unread("an expression", node)
  }
}

/** Where the keys of an object stand. */
export const places = new WeakMap()

const regular = (node) => {
  try {
    return new RegExp(node.regex.pattern, node.regex.flags)
  } catch {
    return new Unread("a regular expression", node)
  }
}

const unary = (node, value) => {
  if (node.operator === "-" && typeof value === "number") return -value
  if (node.operator === "!" && typeof value !== "object") return !value
  return new Unread("an expression", node)
}

const binary = (node, left, right) => {
  const plain = [left, right].every((side) => ["string", "number"].includes(typeof side))
  return node.operator === "+" && plain ? left + right : new Unread("an expression", node)
}

const either = (left, right) => (left instanceof Unread || left === undefined || left === null ? right() : left)

/** Whether a value is an object with keys. */
export const isObject = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Unread) && !(value instanceof RegExp) && !(value instanceof URL)

/** Whether anything of a value could not be read. */
export const holdsUnread = (value) =>
  value instanceof Unread || ((Array.isArray(value) || isObject(value)) && Object.values(value).some(holdsUnread))

/** A value without what could not be read, which `told` hears of with the keys that lead to it. */
export const onlyPlain = (value, told, keys = []) => {
  if (value instanceof Unread) {
    told(value, keys)
    return undefined
  }
  if (Array.isArray(value)) return value.map((item, index) => onlyPlain(item, told, [...keys, index])).filter((item) => item !== undefined)
  if (!isObject(value)) return value
  const plain = {}
  for (const [key, item] of Object.entries(value)) {
    const read = onlyPlain(item, told, [...keys, key])
    if (read !== undefined) plain[key] = read
  }
  return plain
}
