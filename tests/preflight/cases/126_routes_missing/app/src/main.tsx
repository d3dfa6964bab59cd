import { createBrowserRouter, Link, Navigate, NavLink, Outlet, RouterProvider, useNavigate } from "react-router"

function Page() {
  const navigate = useNavigate()
  return <Link to="/" onClick={() => navigate("/")}><Outlet /><Link to="/recipe" /><Link to="/recipes/7/edit" /><a href="/nope?x=1">x</a></Link>
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
