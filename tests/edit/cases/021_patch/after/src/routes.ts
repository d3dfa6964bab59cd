export const routes = [
  { path: "/", label: "Home" },
  { path: "/books", label: "$& books" },
  { path: "/films", label: "Films" },
];

export function first() {
  return routes[0];
}

export function last() {
  return routes[routes.length - 1];
}
