import PartnerCore

extension RewardGrant {
    /// Reserves, calls Ownli, and keeps what came of it. However it ends, by a kill too, the same order may come again:
    /// Ownli grants it once, and it is counted once.
    func grantOnce(
        _ request: RewardRequest, from origin: Origin, in invocation: Invocation
    ) throws(FunctionError) -> Reward {
        // The token first: nothing is reserved for a call that cannot be made.
        let token: AccessToken
        do throws(OwnliError) { token = try ownli.adminToken(in: invocation) } catch { throw error.functionError }
        let reservation = try reserve(request, from: origin, in: invocation)
        let reward: Reward
        do throws(OwnliError) { reward = try ownli.grant(request, with: token, in: invocation) } catch {
            // Only a refusal gives it back. After anything else it may be granted all the same, by a try whose answer
            // was lost.
            if error.isRefusal { release(reservation, in: invocation) }
            throw error.functionError
        }
        guard !reservation.isGranted else { return reward }
        if reward.isOlder(than: reservation.entry.askedAt) {
            release(reservation, in: invocation)
        } else {
            invocation.count("GrantedCents", by: request.amount.count)
            invocation.afterwards { settle(reservation, as: reward.id, in: invocation) }
        }
        return reward
    }

    private func reserve(
        _ request: RewardRequest, from origin: Origin, in invocation: Invocation
    ) throws(FunctionError) -> RewardLedger.Reservation {
        let outcome = try storing { () throws(StoreError) in
            try ledger.reserve(request, from: origin, in: invocation)
        }
        switch outcome {
        case .reserved(let reservation): return reservation
        case .conflict:
            invocation.count("Conflicts")
            throw .rewardConflict
        case .exhausted(let seconds):
            invocation.count("BudgetExhausted")
            throw FunctionError(
                429, "BUDGET_EXHAUSTED", "What may be granted in a day is granted; it goes on at midnight, UTC",
                retryAfter: seconds)
        }
    }

    /// The entry says `asked` until then. It does no harm for good: the reward is in Ownli's list, and a repeat completes
    /// the entry. Nobody who waits for an answer waits for this.
    private func settle(_ reservation: RewardLedger.Reservation, as rewardID: String, in invocation: Invocation) {
        do throws(StoreError) { try ledger.settle(reservation, as: rewardID, in: invocation) } catch {
            invocation.report(error.functionError, about: rewardID)
        }
    }

    /// What cannot be given back stays counted, which is the safe side, until a repeat is refused as well.
    private func release(_ reservation: RewardLedger.Reservation, in invocation: Invocation) {
        do throws(StoreError) { try ledger.release(reservation, in: invocation) } catch {
            invocation.report(error.functionError)
        }
    }
}
