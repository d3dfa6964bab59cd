import type { RouteObject } from "react-router"
import { ProtectedRoute } from "@/auth/ProtectedRoute"
import { AuthCallback } from "@/pages/AuthCallback"
import { Dashboard } from "@/pages/Dashboard"
import { ForgotPassword } from "@/pages/ForgotPassword"
import { Home } from "@/pages/Home"
import { Login } from "@/pages/Login"
import { NotFound } from "@/pages/NotFound"
import { SignUp } from "@/pages/SignUp"
import { UpdatePassword } from "@/pages/UpdatePassword"
// Page imports of this app go above this line.

export const routes: RouteObject[] = [
  { index: true, element: <Home /> },
  { path: "dashboard", element: <ProtectedRoute><Dashboard /></ProtectedRoute> },
  { path: "login", element: <Login /> },
  { path: "signup", element: <SignUp /> },
  { path: "forgot-password", element: <ForgotPassword /> },
  { path: "update-password", element: <ProtectedRoute><UpdatePassword /></ProtectedRoute> },
  { path: "auth/callback", element: <AuthCallback /> },
  { path: "*", element: <NotFound /> },
  // Routes of this app go above this line.
]
