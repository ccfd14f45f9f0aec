/** The set of icons that plugins name. */
import { Ban, BookOpen, CalendarClock, Clock, Coins, Eye, FlaskConical, Gift, Hammer, Heart, LogOut, Map, Megaphone, MessageSquare, Moon, Music, RefreshCw, RotateCcw, Save, Settings, Shield, ShieldPlus, ShieldX, SkipForward, Sparkles, Sun, Swords, Timer, Trash2, UserCheck, UserPlus, UserX, Users, Wrench, Zap, type LucideIcon } from 'lucide-react'

const ICONS: Record<string, LucideIcon> = {
  ban: Ban, book: BookOpen, calendar: CalendarClock, clock: Clock, coins: Coins, eye: Eye, flask: FlaskConical, gift: Gift, hammer: Hammer, heart: Heart, 'log-out': LogOut, map: Map,
  megaphone: Megaphone, message: MessageSquare, moon: Moon, music: Music, 'refresh-cw': RefreshCw, 'rotate-ccw': RotateCcw, save: Save, settings: Settings, shield: Shield,
  'shield-plus': ShieldPlus, 'shield-x': ShieldX, skip: SkipForward, sparkles: Sparkles, sun: Sun, swords: Swords, timer: Timer, trash: Trash2, 'user-check': UserCheck,
  'user-plus': UserPlus, 'user-x': UserX, users: Users, wrench: Wrench,
}

export const iconOf = (name: string): LucideIcon => ICONS[name] ?? Zap
