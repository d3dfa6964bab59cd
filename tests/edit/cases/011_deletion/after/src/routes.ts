export const routes = [
  { path: "/", label: "Home" },
  { path: "/books", label: "Books" },
  { path: "/films", label: "Films" },
];

export function last() {
  return routes[routes.length - 1];
}
