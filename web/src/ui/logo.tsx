/** A gantry crane with its load. */
export const Logo = ({ className }: { className?: string }) => (
  <svg aria-hidden viewBox="0 0 24 24" fill="none" className={className}>
    <path d="M2.5 5.5h19M5 5.5V20M19 5.5V20M12 5.5V9" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
    <rect x="8.75" y="9.5" width="6.5" height="6" rx="1.25" className="fill-accent" />
  </svg>
)
