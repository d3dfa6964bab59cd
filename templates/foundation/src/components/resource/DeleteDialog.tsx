import { useRef } from "react"
import { AlertDialog, AlertDialogAction, AlertDialogCancel, AlertDialogContent, AlertDialogDescription, AlertDialogTitle } from "@/components/ui/alert-dialog"
import { Button } from "@/components/ui/button"

interface DeleteDialogProps {
  /** What is about to go; null while nothing is. */
  title: string | null
  onConfirm: () => void
  onClose: () => void
}

export function DeleteDialog({ title, onConfirm, onClose }: DeleteDialogProps) {
  const opener = useRef<Element | null>(null)

  function rememberOpener() {
    opener.current = document.activeElement
  }

  /** Back to the button that asked, or to the page where that went with its record. */
  function returnFocus(event: Event) {
    event.preventDefault()
    const target = opener.current?.isConnected ? opener.current : document.getElementById("main")
    if (target instanceof HTMLElement) target.focus({ preventScroll: true })
  }

  return (
    <AlertDialog open={title !== null} onOpenChange={(open) => !open && onClose()}>
      <AlertDialogContent onOpenAutoFocus={rememberOpener} onCloseAutoFocus={returnFocus}>
        <AlertDialogTitle>Delete “{title}”?</AlertDialogTitle>
        <AlertDialogDescription>This cannot be undone.</AlertDialogDescription>
        <div className="mt-4 flex flex-col-reverse gap-2 sm:flex-row sm:justify-end">
          <AlertDialogCancel asChild>
            <Button variant="outline">Cancel</Button>
          </AlertDialogCancel>
          <AlertDialogAction asChild>
            <Button variant="destructive" onClick={onConfirm}>
              Delete
            </Button>
          </AlertDialogAction>
        </div>
      </AlertDialogContent>
    </AlertDialog>
  )
}
