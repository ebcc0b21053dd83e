//! Timers that went off.

use crate::app::flow::{
    draft, environments, exports, held, replay, response, restore, runs, statistics, traffic,
};
use crate::app::message::Timer;
use crate::app::state::{App, Level, Notice};

/// Does what the timer was started for; one that is no longer wanted does nothing.
pub(crate) fn timer_fired(app: &mut App, timer: Timer) {
    match timer {
        Timer::Notice => {
            app.notice_timers = app.notice_timers.saturating_sub(1);
            let is_newest = app.notice_timers == 0;
            let is_over = |notice: &mut Notice| is_newest && notice.level != Level::Warning;
            app.dirty = app.notice.take_if(is_over).is_some();
        }
        Timer::Restore => {
            app.dirty = false;
            restore::timer_fired(app);
        }
        Timer::RestoreAgain => {
            app.dirty = false;
            restore::try_again(app);
        }
        Timer::TextCheck => {
            draft::check_on(app);
            // There is nothing to see before all was looked at.
            app.dirty = !app.request.is_checking;
        }
        Timer::Statistics => statistics::timer_fired(app),
        Timer::Export => exports::timer_fired(app),
        Timer::Replay => replay::timer_fired(app),
        Timer::Run => runs::timer_fired(app),
        Timer::HideSecret(since) => environments::hide_secret(app, since),
        Timer::Held => held::timer_fired(app),
        Timer::Forget => traffic::undo_is_over(app),
        Timer::ResponseClock | Timer::ConversationFraming | Timer::ConversationSearch => {
            response::timer_fired(app, timer);
        }
        Timer::FilterRebuild | Timer::TrafficRate | Timer::TrafficSort => {
            traffic::tell_losses(app);
            let intents = app.traffic.timer(&app.shared, timer);
            app.intents.extend(intents);
        }
    }
}
