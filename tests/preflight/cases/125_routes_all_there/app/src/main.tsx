import { createBrowserRouter, Link, Navigate, NavLink, Outlet, RouterProvider, useNavigate } from "react-router"

function Page() {
  const navigate = useNavigate()
  return <Link to="/" onClick={() => navigate("/")}><Outlet /><Link to="/recipes" /><Link to={"/recipes/7?x=1#y"} /><Link to={`/recipes/${1}`} /><Link to="/docs/a/b" /><Link to="/de/about" /><Link to="/about" /><Link to="recipes" /><Link to=".." /><Link to="https://x.y/z" /><a href="#top">x</a><a href="mailto:a@b.c">x</a></Link>
}

const router = createBrowserRouter([
  { path: "/", element: <Page />, children: [
    { index: true, element: <Page /> },
    { path: "recipes", element: <Page /> },
    { path: "recipes/:id", element: <Page /> },
    { path: "docs/*", element: <Page /> },
    { path: ":lang?/about", element: <Page /> },
  ] },
  { path: "*", element: <Page /> },
])

export const app = <><RouterProvider router={router} /><Navigate to="/" /><NavLink to="/" /></>
