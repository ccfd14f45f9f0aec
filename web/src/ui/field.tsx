/**
 * A labelled control. The field owns the ids, so that label, help and error always belong to their control; the control
 * reads them from context and cannot forget them.
 */
import { CircleAlert } from 'lucide-react'
import { createContext, useContext, useId, type ComponentPropsWithRef, type ReactNode } from 'react'
import { cn } from './cn'
import { Tooltip } from './tooltip'

type FieldIds = { control: string; describedBy: string | undefined; invalid: boolean; required: boolean }
const FieldContext = createContext<FieldIds | null>(null)

type FieldProps = {
  label: string
  /** Shown to the right of the label: "optional", a unit, who may edit. */
  note?: ReactNode
  help?: ReactNode
  error?: string | null | undefined
  required?: boolean
  className?: string
  children: ReactNode
}

export function Field({ label, note, help, error, required = false, className, children }: FieldProps) {
  const id = useId()
  const described = [error ? `${id}-error` : null, help ? `${id}-help` : null].filter(Boolean).join(' ')
  return (
    <FieldContext value={{ control: id, describedBy: described || undefined, invalid: Boolean(error), required }}>
      <div className={cn('flex flex-col gap-1.5', className)}>
        <div className="flex items-baseline justify-between gap-3">
          <label htmlFor={id} className="text-sm font-medium">
            {label}
          </label>
          {note && <span className="text-xs text-dim">{note}</span>}
        </div>
        {children}
        {error && (
          <p id={`${id}-error`} className="flex items-start gap-1.5 text-xs text-bad">
            <CircleAlert aria-hidden className="mt-px size-3.5 shrink-0" />
            {error}
          </p>
        )}
        {help && (
          <p id={`${id}-help`} className="text-xs text-dim">
            {help}
          </p>
        )}
      </div>
    </FieldContext>
  )
}

const controlStyle =
  'w-full min-w-0 rounded-md border border-line-strong bg-surface px-2.5 text-base text-text transition-colors hover:border-dim/70 focus-visible:border-accent focus-visible:outline-1 focus-visible:outline-offset-0 aria-invalid:border-bad read-only:bg-sunken disabled:cursor-not-allowed disabled:bg-sunken disabled:text-dim sm:text-sm'

const useField = () => {
  const field = useContext(FieldContext)
  return field === null
    ? {}
    : { id: field.control, 'aria-describedby': field.describedBy, 'aria-invalid': field.invalid || undefined, 'aria-required': field.required || undefined }
}

export function Input({ className, type = 'text', ...rest }: ComponentPropsWithRef<'input'>) {
  return <input type={type} className={cn(controlStyle, 'h-8', className)} {...useField()} {...rest} />
}

export function Textarea({ className, ...rest }: ComponentPropsWithRef<'textarea'>) {
  return <textarea className={cn(controlStyle, 'min-h-20 py-1.5 leading-5', className)} {...useField()} {...rest} />
}

/** The platform's own list: the best one on phones, and complete by keyboard everywhere. */
export function Select({ className, children, ...rest }: ComponentPropsWithRef<'select'>) {
  return (
    <select
      className={cn(
        controlStyle,
        'h-8 appearance-none read-only:bg-surface disabled:bg-sunken bg-[url("/chevron.svg")] bg-[length:16px] bg-[position:right_8px_center] bg-no-repeat pr-8',
        className,
      )}
      {...useField()}
      {...rest}
    >
      {children}
    </select>
  )
}

type SwitchProps = { checked: boolean; onChange: (checked: boolean) => void; disabled?: boolean; label?: string; /** Why it cannot be switched: it can be reached nevertheless, and says so. */ disabledReason?: string | null | undefined }

export function Switch({ checked, onChange, disabled = false, label, disabledReason }: SwitchProps) {
  return (
    <Tooltip content={disabledReason}>
      <input
        type="checkbox"
        role="switch"
        aria-label={label}
        checked={checked}
        disabled={disabled}
        aria-disabled={Boolean(disabledReason) || undefined}
        onChange={(event) => !disabledReason && onChange(event.target.checked)}
        className="relative h-5 w-9 shrink-0 cursor-pointer appearance-none rounded-full bg-line-strong transition-colors before:absolute before:top-0.5 before:left-0.5 before:size-4 before:rounded-full before:bg-white before:shadow-sm before:transition-transform checked:bg-accent-fill checked:before:translate-x-4 disabled:cursor-not-allowed disabled:opacity-50 aria-disabled:cursor-not-allowed aria-disabled:opacity-50"
        {...useField()}
      />
    </Tooltip>
  )
}

type CheckboxProps = { checked: boolean; onChange: (checked: boolean) => void; label: ReactNode; help?: ReactNode; disabled?: boolean }

export function Checkbox({ checked, onChange, label, help, disabled = false }: CheckboxProps) {
  const id = useId()
  return (
    <div>
      {/* For fingers larger than the box and its words. Lists of these leave as much room between them. */}
      <label htmlFor={id} className="flex w-fit items-start gap-2.5 text-sm pointer-coarse:-my-2.5 pointer-coarse:-ml-3 pointer-coarse:py-2.5 pointer-coarse:pl-3">
        <input
          id={id}
          type="checkbox"
          checked={checked}
          disabled={disabled}
          aria-describedby={help ? `${id}-help` : undefined}
          onChange={(event) => onChange(event.target.checked)}
          className="mt-0.5 size-4 shrink-0 accent-accent-fill disabled:opacity-50"
        />
        <span>{label}</span>
      </label>
      {help && (
        <p id={`${id}-help`} className="pl-6.5 text-xs text-dim">
          {help}
        </p>
      )}
    </div>
  )
}
