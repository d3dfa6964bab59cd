import { createBrowserRouter } from "react-router"
import { AppLayout } from "@/components/layout/AppLayout"
import { RouteError } from "@/components/RouteError"
import { routes } from "./routes"

export const router = createBrowserRouter([
  {
    element: <AppLayout />,
    errorElement: <RouteError />,
    children: [{ errorElement: <RouteError />, children: routes }],
  },
])
